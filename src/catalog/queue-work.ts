/** Jobs put into the queue, taken from it, and what becomes of those that were taken. */
import type { JobResult, JobWithMetadata } from "pg-boss";
import { jobKey } from "../model/job.ts";
import { forget } from "./dead-letters.ts";
import { catalogFailure } from "./failures.ts";
import type { JobEnd, JobQueue, TakenJob } from "./queue.ts";
import type { OpenQueue } from "./queue-calls.ts";
import { inserted, otherKey, takenJob } from "./stored-job.ts";

export const retryLimit = 12;

export function addTo({ boss, call }: OpenQueue): JobQueue["add"] {
  return async (jobs, { afterMs, sql }, wait) => {
    for (const [name, ofQueue] of Map.groupBy(jobs, ({ job }) => job.queue)) {
      const made = ofQueue.map((one) => inserted(one, afterMs ?? 0, jobKey(one.job)));
      await call("add jobs", boss.insert(name, made, sql === undefined ? {} : { db: sql }), wait);
    }
  };
}

export function takeFrom(open: OpenQueue): JobQueue["take"] {
  const { boss, settings } = open;
  return async (queue, places, handle) => {
    const worked = async (one: JobWithMetadata<unknown>): Promise<JobResult> => {
      const known = takenJob(one, retryLimit);
      // Nobody can do what nobody can read; the dead letter tells.
      if (known === null) return { id: one.id, status: "deadletter", output: { code: "format/invalid" } };
      return settle(open, { taken: known, key: one.singletonKey ?? "" }, await handle(known));
    };
    const id = await boss.work<unknown, unknown, WorkOptions>(
      queue,
      {
        perJobResults: true,
        includeMetadata: true,
        batchSize: 1,
        localConcurrency: places,
        pollingIntervalSeconds: settings.pollMs / 1000,
        // A source that is busy everywhere must not fill the places of this host with its jobs.
        groupConcurrency: { default: 64, tiers: placesByTier },
      },
      async (taken) => {
        const ends: JobResult[] = [];
        for (const one of taken) ends.push(await worked(one));
        return ends;
      },
    );
    return { stop: async () => boss.offWork(queue, { id, wait: true }) };
  };
}

/** `key`: which of the job's two keys it lay under. */
async function settle(
  { boss, call, settings }: OpenQueue,
  { taken, key }: { readonly taken: TakenJob; readonly key: string },
  end: JobEnd,
): Promise<JobResult> {
  const { id, job, source, since } = taken;
  switch (end.kind) {
    case "done":
      try {
        await call("drop dead letters", forget(boss, job), { signal: new AbortController().signal });
      } catch (error) {
        // What is done is done; the letter goes with the next time.
        settings.onTrouble(catalogFailure("drop dead letters", error));
      }
      return { id, status: "completed" };
    case "later": {
      const again = {
        ...inserted({ job, source }, end.afterMs + spreadMs(id, settings.pollMs), otherKey(job, key)),
        data: { job, begun: true, since: since.toISOString() },
      };
      await boss.insert(job.queue, [again]);
      return { id, status: "completed" };
    }
    case "failed":
      if (!end.retryable || taken.last) await forget(boss, job);
      return { id, status: end.retryable ? "failed" : "deadletter", output: { code: end.code } };
  }
}

interface WorkOptions {
  readonly perJobResults: true;
  readonly includeMetadata: true;
  readonly batchSize: number;
  readonly localConcurrency: number;
  readonly pollingIntervalSeconds: number;
  readonly groupConcurrency: { default: number; tiers: Record<string, number> };
}

/** The tier of a job says how many of its group may run; as many as the configuration allows to be written. */
const placesByTier = Object.fromEntries(
  Array.from({ length: 64 }, (_, index) => [String(index + 1), index + 1]),
);

/**
 * All hosts look as often, so that the one which puts a job back each time would find it ready before any other one,
 * for ever. The id of a job put back is chance enough.
 */
function spreadMs(id: string, pollMs: number): number {
  return Math.floor((Number.parseInt(id.slice(0, 4), 16) / 0x10000) * pollMs);
}
