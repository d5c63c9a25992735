/** What is due beside backups, put into the queue: always next what has waited longest relative to its limit. */
import type { Waiting } from "../base/waiting.ts";
import type { DeadLetter, NewJob } from "../catalog/queue.ts";
import { type Job, jobKey, type QueueName } from "../model/job.ts";
import type { Generation } from "./household.ts";
import { placesOf } from "./places.ts";
import type { Shop } from "./shop.ts";

/** A queue holds no more than so many jobs of a kind ahead, or the order in which they were due would be lost in it. */
const ahead = 8;
/** Work that was given up is tried again a few times a day: whoever repaired what was wrong need not tell us. */
const givenUpForMs = 6 * 3_600_000;
const pruneEveryMs = 24 * 3_600_000;

/** What was just done and is due still, since it found nothing to do, is not begun again at once. */
const againAfterMs = 600_000;

export interface Planner {
  /** Puts into the queue what is due and not in it; only for queues that this host works, since it is sure that somebody does. */
  plan(generation: Generation, wait: Waiting): Promise<void>;
}

export function createPlanner(shop: Shop): Planner {
  const { catalog, queue, machine, household } = shop;
  const plannedMs = new Map<string, number>();
  return {
    plan: async (generation, wait) => {
      const { tenants } = generation;
      const dead = await queue.deadLetters(wait);
      const gone = household.isSure() ? dead.filter(({ job }) => !tenants.has(job.tenant)) : [];
      if (gone.length > 0) await queue.dropDeadLetters(gone, wait);
      const now = await catalog.now(wait);
      const nowMs = machine.monotonicMs();
      for (const [key, atMs] of plannedMs) if (nowMs - atMs > againAfterMs) plannedMs.delete(key);
      const resting = restingKeys(dead, now);
      const counts = await queue.counts(wait);
      for (const [name, due] of questions(shop, now)) {
        if (placesOf(name, generation, machine.clock.now()) === 0) continue;
        const rests = (job: Job): boolean =>
          resting.has(`${name} ${jobKey(job)}`) || plannedMs.has(`${name} ${jobKey(job)}`);
        const waiting = counts
          .filter((count) => count.queue === name && (count.state === "ready" || count.state === "deferred"))
          .reduce((sum, { jobs }) => sum + jobs, 0);
        if (waiting >= ahead) continue;
        const jobs = await due(ahead + resting.size + plannedMs.size, wait);
        const fresh = jobs.filter((job) => tenants.has(job.tenant) && !rests(job)).slice(0, ahead - waiting);
        if (fresh.length === 0) continue;
        const added = fresh.map((job): NewJob => ({ job, source: null }));
        await queue.add(added, {}, wait);
        // Of heals history tells what came of them, and damage that was found since must not wait.
        if (name === "heal") continue;
        for (const job of fresh) plannedMs.set(`${name} ${jobKey(job)}`, nowMs);
      }
    },
  };
}

type Question = (limit: number, wait: Waiting) => Promise<readonly Job[]>;

function questions({ catalog: { index } }: Shop, now: Date): readonly (readonly [QueueName, Question])[] {
  return [
    [
      "verify",
      async (limit, wait) =>
        [...(await index.healedUnproven(limit, wait)), ...(await index.proofsDue(limit, wait))].map(
          ({ tenant, backup, store }) => ({ queue: "verify", tenant, backup, store }),
        ),
    ],
    // What a person or another host found has no job of its own yet; what is healed is proven before all others.
    [
      "heal",
      async (limit, wait) =>
        (await index.healsDue(limit, wait)).map(({ tenant, store }) => ({ queue: "heal", tenant, store })),
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

function restingKeys(dead: readonly DeadLetter[], now: Date): ReadonlySet<string> {
  const young = dead.filter(({ at }) => now.getTime() - at.getTime() < givenUpForMs);
  return new Set(young.map(({ queue, key }) => `${queue} ${key}`));
}
