/** A job as it lies in the queue's tables, and what is read of it again. */
import type { JobWithMetadata } from "pg-boss";
import { z } from "zod";
import { job as jobSchema, type Job, jobKey, type QueueName } from "../model/job.ts";
import type { DeadLetter, NewJob, TakenJob } from "./queue.ts";

/** A job for the queue to keep, to be taken after so many milliseconds. */
export function inserted({ job, source }: NewJob, afterMs: number, singletonKey: string) {
  return {
    data: { job, begun: false },
    singletonKey,
    ...(afterMs > 0 ? { startAfter: afterMs / 1000 } : {}),
    ...(source === null ? {} : { group: { id: source.name, tier: String(source.places) } }),
  };
}

/** Of a job that was put back. */
export function laterKey(job: Job): string {
  return `${jobKey(job)}/later`;
}

/** Its own key is taken by itself until it is completed, so the two take turns. */
export function otherKey(job: Job, key: string): string {
  return key === laterKey(job) ? jobKey(job) : laterKey(job);
}

const stored = z.object({
  job: jobSchema,
  begun: z.boolean().default(false),
  since: z.iso.datetime().optional(),
});

/** Null: nobody can read it. */
export function takenJob(one: JobWithMetadata<unknown>, retryLimit: number): TakenJob | null {
  const { success, data } = stored.safeParse(one.data);
  if (!success) return null;
  const { groupId, groupTier } = one;
  return {
    id: one.id,
    job: data.job,
    attempt: one.retryCount,
    begun: data.begun || one.retryCount > 0,
    since: data.since === undefined ? one.createdOn : new Date(data.since),
    last: one.retryCount >= retryLimit,
    source: typeof groupId === "string" ? { name: groupId, places: Number(groupTier ?? 1) } : null,
  };
}

/** Empty: nobody can read it. */
export function deadLetterOf(queue: QueueName, one: JobWithMetadata<unknown>): DeadLetter[] {
  const { success, data } = stored.safeParse(one.data);
  if (!success) return [];
  const code = z.object({ code: z.string() }).safeParse(one.sourceOutput);
  return [
    {
      id: one.id,
      queue,
      job: data.job,
      key: jobKey(data.job),
      code: code.success ? code.data.code : null,
      at: one.createdOn,
    },
  ];
}
