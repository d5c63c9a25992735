/** What is due beside backups, put into the queue: always next what has waited longest relative to its limit. */
import type { Waiting } from "../base/waiting.ts";
import type { DeadLetter, NewJob } from "../catalog/queue.ts";
import { type Job, jobKey, type QueueName } from "../model/job.ts";
import type { Generation } from "./household.ts";
import type { Shop } from "./shop.ts";

/** A queue holds no more than so many jobs of a kind ahead, or the order in which they were due would be lost in it. */
const ahead = 8;
/** Work that was given up is tried again a few times a day: whoever repaired what was wrong need not tell us. */
const givenUpForMs = 6 * 3_600_000;
const pruneEveryMs = 24 * 3_600_000;

/** Puts into the queue what is due and not in it; only for queues that this host works, since it is sure that somebody does. */
export async function planWork(shop: Shop, generation: Generation, wait: Waiting): Promise<void> {
  const dead = await shop.queue.deadLetters(wait);
  const gone = dead.filter(({ job }) => !generation.tenants.has(job.tenant));
  if (gone.length > 0) await shop.queue.dropDeadLetters(gone, wait);
  const now = await shop.catalog.now(wait);
  const resting = restingKeys(dead, now);
  for (const [queue, due] of planners(shop, now)) {
    if (generation.roles[queue] !== null) continue;
    const rests = resting.get(queue) ?? new Set();
    const jobs = await due(ahead + rests.size, wait);
    const fresh = jobs.filter((job) => generation.tenants.has(job.tenant) && !rests.has(jobKey(job)));
    const added = fresh.slice(0, ahead).map((job): NewJob => ({ job, source: null }));
    if (added.length > 0) await shop.queue.add(added, {}, wait);
  }
}

type Planner = (limit: number, wait: Waiting) => Promise<readonly Job[]>;

function planners({ catalog: { index } }: Shop, now: Date): readonly (readonly [QueueName, Planner])[] {
  return [
    [
      "verify",
      async (limit, wait) =>
        (await index.proofsDue(limit, wait)).map(({ tenant, backup, store }) => ({
          queue: "verify",
          tenant,
          backup,
          store,
        })),
    ],
    [
      "replicate",
      async (limit, wait) =>
        (await index.lackingCopies(limit, wait)).map((tenant) => ({ queue: "replicate", tenant })),
    ],
    [
      "scrub",
      async (limit, wait) =>
        (await index.scrubsDue(limit, wait)).map(({ tenant, store }) => ({ queue: "scrub", tenant, store })),
    ],
    [
      "prune",
      async (limit, wait) =>
        (await index.prunesDue(new Date(now.getTime() - pruneEveryMs), limit, wait)).map((tenant) => ({
          queue: "prune",
          tenant,
        })),
    ],
  ];
}

function restingKeys(dead: readonly DeadLetter[], now: Date): ReadonlyMap<QueueName, ReadonlySet<string>> {
  const young = dead.filter(({ at }) => now.getTime() - at.getTime() < givenUpForMs);
  return new Map(
    Map.groupBy(young, ({ queue }) => queue)
      .entries()
      .map(([queue, letters]) => [queue, new Set(letters.map(({ key }) => key))]),
  );
}
