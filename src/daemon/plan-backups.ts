/** Slots that were given up, for another attempt: no other one comes until tomorrow, or next week. */
import type { Tenant } from "../config/config.ts";
import type { DeadLetter, NewJob } from "../catalog/queue.ts";
import type { TenantId } from "../model/ids.ts";

/** Beside the hours that its attempts took. A source, a login or a store that was mended is found so without a word. */
const againAfterMs = 3_600_000;
/** A source that was away for a night comes back to a queue that fills at the pace of the others. */
const atOnceMax = 64;

export interface BackupAgain {
  readonly job: NewJob;
  /** What is said of it so far, and is to be dropped once it is in the queue. */
  readonly letters: readonly DeadLetter[];
}

/**
 * Of each tenant and kind the newest slot that was given up and not served since, longest given up first. One that
 * took as long as any may is left out: it would take its source's place for as long again.
 */
export function backupsAgain(
  dead: readonly DeadLetter[],
  tenants: ReadonlyMap<TenantId, Tenant>,
  now: Date,
): readonly BackupAgain[] {
  const byKey = Map.groupBy(
    dead.filter(({ queue }) => queue === "backup"),
    ({ key }) => key,
  );
  const found = [...byKey.values()].flatMap((letters) => {
    const lastAt = Math.max(...letters.map(({ at }) => at.getTime()));
    if (now.getTime() - lastAt < againAfterMs) return [];
    if (letters.some(({ code }) => code === "wait/expired")) return [];
    const [newest] = letters.toSorted((one, other) => (slotAt(one) < slotAt(other) ? 1 : -1));
    const source = newest === undefined ? undefined : tenants.get(newest.job.tenant)?.source;
    if (newest === undefined || source === undefined) return [];
    const job: NewJob = {
      job: newest.job,
      source: { name: source.name, places: source.maxConcurrent },
    };
    return [{ job, letters, lastAt }];
  });
  return found.toSorted((one, other) => one.lastAt - other.lastAt).slice(0, atOnceMax);
}

function slotAt({ job }: DeadLetter): string {
  return job.queue === "backup" ? job.at : "";
}
