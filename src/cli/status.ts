/** `holdfast status`: what is not as it should be, as the catalog and the stores tell it now. */
import { isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Desk } from "../desk/desk.ts";
import { openCatalog } from "../desk/open-catalog.ts";
import { probeStores } from "../desk/probe-stores.ts";
import { jobKey } from "../model/job.ts";
import { command } from "./frame/command.ts";
import type { Output } from "./frame/output.ts";
import { queueToLookAt } from "./status/queue-to-look-at.ts";
import { breachingTenants, exitOf, type Scheduler, type Status } from "./status/found.ts";
import { statusText } from "./status/text.ts";

const storeLimitMs = 15_000;
const listMax = 100;

export const status = command({
  name: "status",
  describe: "what is not as it should be: tenants, queues, daemons and stores",
  examples: [
    ["status", "for people; nothing but a summary when all is well"],
    ["status --json", "for a script, which may go by the exit code alone"],
  ],
  options: (yargs) => yargs,
  run: async (_, context, out) => {
    await using desk = await context.openDesk();
    const [known, stores] = await Promise.all([
      askCatalog(desk, out, context.wait),
      askStores(desk, context.wait),
    ]);
    const found: Status = { at: context.machine.clock.now().toISOString(), ...known, stores };
    out.result(found, () => statusText(found));
    return exitOf(found);
  },
});

type Known = Omit<Status, "stores" | "at"> & Partial<Pick<Status, "at">>;

const unknownQueue = { daemons: null, queues: null, running: null, deadLetters: null } as const;
const unknown = { ...unknownQueue, scheduler: null, tenants: null, stoppedPrunes: null } as const;

async function askCatalog(desk: Desk, out: Output, wait: Waiting): Promise<Known> {
  try {
    await using catalog = await openCatalog(desk.config, desk.machine, { mode: "only-running" }, wait);
    if (catalog === null) return { catalog: "not-running", ...unknown };
    const { index } = catalog;
    const health = await index.health(wait);
    const stopped = await index.stoppedPrunes(listMax, wait);
    const queue = await askQueue(desk, catalog, out, wait);
    const watermark = await catalog.slots.watermark(wait);
    const now = await catalog.now(wait);
    return {
      catalog: "up",
      // All instants below are of this clock.
      at: now.toISOString(),
      scheduler: schedulerAt(watermark, now, desk.config.daemon.beatMs),
      tenants: breachingTenants(health, now),
      stoppedPrunes: stopped.map(({ tenant, at }) => ({ tenant, at: at.toISOString() })),
      ...queue,
    };
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    out.say(`warning: the catalog cannot be asked: ${error.message}`);
    return { catalog: "unreachable", ...unknown };
  }
}

/** A beat takes its time with many tenants, and a single one may be missed. */
const lateBeats = 4;
const lateLeastMs = 60_000;

function schedulerAt(watermark: Date | null, now: Date, beatMs: number): Scheduler {
  if (watermark === null) return { watermark: null, ageSeconds: null, isLate: true };
  const ageMs = Math.max(0, now.getTime() - watermark.getTime());
  return {
    watermark: watermark.toISOString(),
    ageSeconds: Math.round(ageMs / 1000),
    isLate: ageMs > Math.max(lateLeastMs, lateBeats * beatMs),
  };
}

/** Before the first daemon there is no queue. */
async function askQueue(
  { machine }: Desk,
  catalog: Catalog,
  out: Output,
  wait: Waiting,
): Promise<Pick<Status, keyof typeof unknownQueue>> {
  await using queue = await queueToLookAt(catalog, machine, wait);
  if (queue === null) {
    out.say("warning: there is no queue: no daemon has run on this catalog yet");
    return { ...unknownQueue, daemons: [] };
  }
  const daemons = await queue.daemons(wait);
  const running = await queue.running(listMax, wait);
  const dead = await queue.deadLetters(wait);
  return {
    daemons: daemons.map(({ host, heardAt }) => ({ host, heardAt: heardAt?.toISOString() ?? null })),
    queues: await queue.counts(wait),
    running: running.map(({ job, since }) => ({
      queue: job.queue,
      tenant: job.tenant,
      work: jobKey(job),
      since: since.toISOString(),
    })),
    deadLetters: dead.map(({ queue: name, job, key, code, at }) => ({
      queue: name,
      tenant: job.tenant,
      work: key,
      code,
      at: at.toISOString(),
    })),
  };
}

async function askStores(desk: Desk, wait: Waiting): Promise<Status["stores"]> {
  const down = await probeStores(desk, () => undefined, within(wait, storeLimitMs)).catch(
    (error: unknown) => {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      return [...desk.stores.keys()].map((store) => ({ store, failure: error }));
    },
  );
  return Array.from(desk.stores.keys(), (store) => {
    const failure = down.find((one) => one.store === store)?.failure;
    return { store, up: failure === undefined, problem: failure?.message ?? null };
  });
}
