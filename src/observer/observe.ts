/** Pass after pass, until it is told to end. */
import type { Chance } from "../base/chance.ts";
import { pause, type Waiting, within } from "../base/waiting.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Log } from "../telemetry/log.ts";
import { countKinds, type Observation } from "./observation.ts";
import { newMemory } from "./memory.ts";
import { observePass, type Sight } from "./observe-pass.ts";
import type { ObserverOrder } from "./order.ts";

export interface Lookout {
  /** From the end of one pass to the start of the next, a tenth more or less, so that observers do not meet. */
  readonly everyMs: number;
  readonly monotonicMs: () => number;
  readonly tell: Tell;
  readonly log: Log;
  /** After every pass that came to its end. */
  readonly onSight: (sight: Sight) => void;
}

/** The first pass reads every document of every tenant; later ones what is new. */
const passLimitMs = 6 * 3_600_000;

/** Resolves when the wait ends. A pass that fails is told, and the next one is made all the same. */
export async function observe(order: ObserverOrder, lookout: Lookout, wait: Waiting): Promise<void> {
  const memory = newMemory(order.clock);
  let before: readonly Observation[] = [];
  while (!wait.signal.aborted) {
    const startedMs = lookout.monotonicMs();
    try {
      const sight = await observePass(order, memory, within(wait, passLimitMs));
      tellSight(sight, (lookout.monotonicMs() - startedMs) / 1000, lookout.tell);
      logChanges(before, sight, lookout.log);
      before = sight.observations;
      lookout.onSight(sight);
    } catch (error) {
      if (wait.signal.aborted) return;
      lookout.log.error("the pass failed", { error });
    }
    await restBetween(lookout.everyMs, order.chance, wait);
  }
}

/** What metrics are made of. */
export function tellSight({ at, stores, observations }: Sight, seconds: number, tell: Tell): void {
  const newestRecords = new Map(
    stores.flatMap(({ store, newestRecordAt }) =>
      newestRecordAt === null ? [] : [[store, newestRecordAt] as const],
    ),
  );
  const endedAt = new Date(at.getTime() + seconds * 1000);
  tell({ kind: "observed", at: endedAt, seconds, findings: countKinds(observations), newestRecords });
  for (const { store, aheadMs } of stores) {
    if (aheadMs !== null) tell({ kind: "clock-skew", against: { kind: "store", store }, aheadMs });
  }
}

/** What was there before is not said again every five minutes. */
function logChanges(before: readonly Observation[], { stores, observations }: Sight, log: Log): void {
  const [old, now] = [new Set(before.map(keyOf)), new Set(observations.map(keyOf))];
  for (const one of observations) if (!old.has(keyOf(one))) log.warn("found", { ...one });
  for (const one of before) if (!now.has(keyOf(one))) log.info("found no more", { ...one });
  for (const { store, failure } of stores) {
    if (failure !== null) log.warn("a store could not be asked", { store, error: failure });
  }
}

function keyOf({ kind, tenant, store }: Observation): string {
  return `${kind} ${tenant ?? ""} ${store ?? ""}`;
}

async function restBetween(everyMs: number, chance: Chance, wait: Waiting): Promise<void> {
  try {
    await pause(everyMs * (0.9 + (chance(1)[0] ?? 0) / 1280), wait);
  } catch (error) {
    if (!wait.signal.aborted) throw error;
  }
}
