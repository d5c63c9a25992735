/** What keeps the queue well, and what it holds. */
import type { Waiting } from "../base/waiting.ts";
import { queueNames } from "../model/job.ts";
import { deadName } from "./dead-letters.ts";
import type { JobQueue, QueueCount } from "./queue.ts";
import type { OpenQueue } from "./queue-calls.ts";
import { pullBackTimes } from "./queue-times.ts";

/** Reads every job there is. */
const pullBackMs = 60_000;

export function supervisorOf(
  { boss, call, ask, settings, silence }: OpenQueue,
  schema: string,
): JobQueue["supervise"] {
  let pulledBackMs = -Infinity;
  return async (wait) => {
    await call("ask whether the queue answers", ask("select 1", []), wait);
    if (settings.monotonicMs() - pulledBackMs >= pullBackMs) {
      await call("pull back times of the queue", pullBackTimes(ask, schema), wait);
      pulledBackMs = settings.monotonicMs();
    }
    if (!silence.isDeath()) return;
    await call("free the jobs of dead workers", boss.supervise(), wait);
  };
}

export async function countsOf({ boss, call }: OpenQueue, wait: Waiting): Promise<readonly QueueCount[]> {
  const queues = await call("count jobs", boss.getQueues(), wait);
  return queueNames.flatMap((queue): QueueCount[] => {
    const living = queues.find(({ name }) => name === queue);
    const dead = queues.find(({ name }) => name === deadName(queue));
    return [
      { queue, state: "ready", jobs: living?.readyCount ?? 0 },
      { queue, state: "deferred", jobs: living?.deferredCount ?? 0 },
      { queue, state: "active", jobs: living?.activeCount ?? 0 },
      { queue, state: "dead", jobs: dead?.queuedCount ?? 0 },
    ];
  });
}
