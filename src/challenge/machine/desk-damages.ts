/** Clock, threads and connections of the host that verifies. */
import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import type { Desk } from "../../desk/desk.ts";
import { startSealing } from "../../sealing/start-sealing.ts";
import { around, type AnyStore } from "../../stores/around.ts";
import type { StoreOperation } from "../../stores/store.ts";
import { machineDamage, type MachineDamage, whateverIsRestored } from "./machine-damage.ts";

const yearMs = 365 * 24 * 60 * 60 * 1000;
const readsBeforeFailing = 6;

export const deskDamages: readonly MachineDamage[] = [
  clock("clock-behind", "the clock of the host is a year behind", /lies in the future/, -yearMs),
  clock("clock-ahead", "the clock of the host is a year ahead", / apart$/, yearMs),
  clockThatJumps(
    "clock-jumps-ahead",
    "the clock of the host is put a year ahead while a copy is tried",
    yearMs,
  ),
  clockThatJumps(
    "clock-jumps-back",
    "the clock of the host is put a year back while a copy is tried",
    -yearMs,
  ),
  machineDamage(
    "threads-end",
    "the threads that decrypt end while the copy is read",
    { says: /sealing was shut down|sealing thread ended/, seenBy: whateverIsRestored },
    ({ desk }) => {
      const sealing = startSealing({ workers: 1, inFlightBytesMax: 32 * 1024 * 1024 });
      const end = async (): Promise<void> => sealing[Symbol.asyncDispose]();
      const onPhase = (phase: string): void => {
        if (phase === "schema") void end();
      };
      return Promise.resolve({ desk: { ...desk, sealing: () => sealing }, onPhase, end });
    },
  ),
  failing(
    "store-goes-away",
    "the store cannot be reached any more after a few reads",
    "store/unreachable",
    (reads) => reads > readsBeforeFailing,
  ),
  failing(
    "store-answers-now-and-then",
    "every other read of the store fails",
    "store/unreachable",
    (reads) => reads % 2 === 0,
  ),
  failing(
    "store-refuses",
    "the store refuses the host from some moment on",
    "store/refused",
    (reads) => reads > readsBeforeFailing,
  ),
];

function clock(name: string, title: string, says: RegExp, aheadMs: number): MachineDamage {
  return machineDamage(name, title, { says, seenBy: ["copy"] }, ({ desk }) =>
    Promise.resolve({ desk: withClock(desk, () => aheadMs) }),
  );
}

function clockThatJumps(name: string, title: string, byMs: number): MachineDamage {
  return machineDamage(name, title, { says: / apart$/, seenBy: ["copy"] }, ({ desk }) => {
    let aheadMs = 0;
    const onPhase = (phase: string): void => {
      if (phase === "comparing") aheadMs = byMs;
    };
    return Promise.resolve({ desk: withClock(desk, () => aheadMs), onPhase });
  });
}

function withClock(desk: Desk, aheadMs: () => number): Desk {
  const right = desk.machine.clock;
  const clock: Clock = { now: () => new Date(right.now().getTime() + aheadMs()) };
  return {
    ...desk,
    machine: { ...desk.machine, clock },
    library: async (tenant) => ({ ...(await desk.library(tenant)), clock }),
  };
}

/** `fails`: whether this read of an object is one that fails; the first is 1. */
function failing(
  name: string,
  title: string,
  code: "store/unreachable" | "store/refused",
  fails: (reads: number) => boolean,
): MachineDamage {
  const traces = { says: /^read .*\/chunks\//, seenBy: ["copy", ...whateverIsRestored] as const };
  return machineDamage(name, title, traces, ({ desk }) => {
    let reads = 0;
    // Only what belongs to the trial itself: a store that shows no record has no copy to be tried.
    const isTrial = (operation: StoreOperation, key: string): boolean =>
      operation === "read" && key.includes("/chunks/");
    const lens = (store: AnyStore): AnyStore =>
      around(store, {
        run: ({ operation, key }, work) => {
          if (isTrial(operation, key) && fails((reads += 1)))
            return Promise.reject(new Failure(code, `read ${key} from ${store.name}`));
          return work();
        },
        list: (prefix, wait, after) => store.list(prefix, wait, after),
      });
    return Promise.resolve({ desk, lens });
  });
}
