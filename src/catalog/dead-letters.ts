/** Work that was given up. Each queue has one more beside it, where such jobs lie until somebody looks. */
import type { PgBoss } from "pg-boss";
import type { Waiting } from "../base/waiting.ts";
import { type Job, jobKey, type QueueName, queueNames } from "../model/job.ts";
import type { DeadLetter } from "./queue.ts";
import type { OpenQueue } from "./queue-calls.ts";
import { deadLetterOf, laterKey } from "./stored-job.ts";

export function deadName(queue: QueueName): string {
  return `${queue}.dead`;
}

export async function deadLettersOf(
  { boss, call }: OpenQueue,
  wait: Waiting,
): Promise<readonly DeadLetter[]> {
  const found = await Promise.all(
    queueNames.map(async (queue) => {
      const jobs = await call(
        "read dead letters",
        boss.findJobs<unknown>(deadName(queue), { queued: true }),
        wait,
      );
      return jobs.flatMap((one) => deadLetterOf(queue, one));
    }),
  );
  return found.flat();
}

export async function dropDeadLetters(
  { boss, call }: OpenQueue,
  dead: readonly DeadLetter[],
  wait: Waiting,
): Promise<void> {
  for (const [queue, letters] of Map.groupBy(dead, (one) => one.queue))
    await call("drop dead letters", dropFrom(boss, queue, letters), wait);
}

/** Dead letters are about work that is still to be done. */
export async function forget(boss: PgBoss, job: Job): Promise<void> {
  for (const key of [jobKey(job), laterKey(job)]) {
    const dead = await boss.findJobs(deadName(job.queue), { key, queued: true });
    if (dead.length > 0) await dropFrom(boss, job.queue, dead);
  }
}

async function dropFrom(
  boss: PgBoss,
  queue: QueueName,
  letters: readonly { readonly id: string }[],
): Promise<void> {
  await boss.deleteJob(
    deadName(queue),
    letters.map(({ id }) => id),
  );
}
