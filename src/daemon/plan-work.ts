/** What is due beside backups, put into the queue: always next what has waited longest relative to its limit. */
import type { Waiting } from "../base/waiting.ts";
import type { DeadLetter, NewJob, QueueCount } from "../catalog/queue.ts";
import type { StoreName } from "../model/ids.ts";
import { type Job, jobKey, type QueueName } from "../model/job.ts";
import type { Generation } from "./household.ts";
import { placesOf } from "./places.ts";
import { backupsAgain } from "./plan-backups.ts";
import type { Shop } from "./shop.ts";

/** A queue holds no more than so many jobs of a kind ahead, or the order in which they were due would be lost in it. */
const ahead = 8;
/** Beyond so many that are due and rest, a round leaves the others for later. */
const lookedAtMax = 20_000;
/** Work that was given up is tried again a few times a day: whoever repaired what was wrong need not tell us. */
const givenUpForMs = 6 * 3_600_000;
const pruneEveryMs = 24 * 3_600_000;

/** What was just done and is due still, since it found nothing to do, is not begun again at once. */
const againAfterMs = 600_000;
/** A source that was away for a night leaves thousands of dead letters, which not every round reads. */
const lettersForRounds = 4;

export interface Planner {
  /**
   * Puts into the queue what is due and not in it; only for queues that this host works, since it is sure that somebody
   * does. Of stores that are down nothing is asked.
   */
  plan(generation: Generation, down: ReadonlySet<StoreName>, wait: Waiting): Promise<void>;
}

export function createPlanner(shop: Shop): Planner {
  const { catalog, queue, machine, pace } = shop;
  const plannedMs = new Map<string, number>();
  let letters: { readonly dead: readonly DeadLetter[]; readonly readMs: number } | null = null;
  const lettersNow = async (counts: readonly QueueCount[], wait: Waiting): Promise<readonly DeadLetter[]> => {
    const nowMs = machine.monotonicMs();
    if (!counts.some(({ state, jobs }) => state === "dead" && jobs > 0)) letters = null;
    else if (letters === null || nowMs - letters.readMs >= lettersForRounds * pace.planMs)
      letters = { dead: await queue.deadLetters(wait), readMs: nowMs };
    else return letters.dead;
    await dropStrange(shop, letters?.dead ?? [], wait);
    return letters?.dead ?? [];
  };
  return {
    plan: async (generation, down, wait) => {
      const { tenants } = generation;
      const counts = await queue.counts(wait);
      const dead = await lettersNow(counts, wait);
      const now = await catalog.now(wait);
      const nowMs = machine.monotonicMs();
      const placesFor = (name: QueueName): number => placesOf(name, generation, machine.clock.now());
      if (placesFor("backup") > 0) {
        const again = backupsAgain(dead, tenants, now);
        if (again.length > 0) letters = null;
        await queue.add(
          again.map(({ job }) => job),
          {},
          wait,
        );
        // In this order: who dies in between has a backup asked for twice, which is made once.
        await queue.dropDeadLetters(
          again.flatMap((one) => one.letters),
          wait,
        );
      }
      for (const [key, atMs] of plannedMs) if (nowMs - atMs > againAfterMs) plannedMs.delete(key);
      for (const [name, due] of questions(shop, [...down], now)) {
        if (placesFor(name) === 0) continue;
        const room = ahead - readyIn(name, counts);
        if (room <= 0) continue;
        const resting = restingKeys(name, dead, now);
        const isFresh = (job: Job): boolean => {
          const key = jobKey(job);
          if ("store" in job && down.has(job.store)) return false;
          return tenants.has(job.tenant) && !resting.has(key) && !plannedMs.has(`${name} ${key}`);
        };
        const fresh = await firstOf(due, room, isFresh, wait);
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

/** Jobs that were put back or are to be tried again hold up nobody: a store that is away must not keep the others waiting. */
function readyIn(name: QueueName, counts: readonly QueueCount[]): number {
  return counts
    .filter(({ queue, state }) => queue === name && state === "ready")
    .reduce((sum, { jobs }) => sum + jobs, 0);
}

/** Nobody has these tenants any more, on whichever host. */
async function dropStrange(
  { household, catalog, queue }: Shop,
  dead: readonly DeadLetter[],
  wait: Waiting,
): Promise<void> {
  if (!household.isSure()) return;
  const { tenants } = household.current();
  const strange = dead.filter(({ job }) => !tenants.has(job.tenant));
  if (strange.length === 0) return;
  const known = await catalog.index.known([...new Set(strange.map(({ job }) => job.tenant))], wait);
  await queue.dropDeadLetters(
    strange.filter(({ job }) => !known.has(job.tenant)),
    wait,
  );
}

type Question = (limit: number, wait: Waiting) => Promise<readonly Job[]>;

/** The first ones that are fresh; looks farther only while those before them rest. */
async function firstOf(
  due: Question,
  wanted: number,
  isFresh: (job: Job) => boolean,
  wait: Waiting,
): Promise<readonly Job[]> {
  for (let limit = 4 * ahead; ; limit *= 8) {
    const jobs = await due(limit, wait);
    const fresh = jobs.filter(isFresh).slice(0, wanted);
    if (fresh.length === wanted || jobs.length < limit || limit >= lookedAtMax) return fresh;
  }
}

function questions(
  { catalog: { index } }: Shop,
  without: readonly StoreName[],
  now: Date,
): readonly (readonly [QueueName, Question])[] {
  return [
    [
      "verify",
      async (limit, wait) =>
        [...(await index.healedUnproven(limit, wait)), ...(await index.proofsDue(limit, wait, without))].map(
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
        (await index.scrubsDue(limit, wait, without)).map(({ tenant, store }) => ({
          queue: "scrub",
          tenant,
          store,
        })),
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

function restingKeys(name: QueueName, dead: readonly DeadLetter[], now: Date): ReadonlySet<string> {
  const young = dead.filter(({ queue, at }) => queue === name && now.getTime() - at.getTime() < givenUpForMs);
  return new Set(young.map(({ key }) => key));
}
