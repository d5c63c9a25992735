/** How many jobs each queue holds, read from the catalog when somebody asks. */
import type { Family } from "./exposition.ts";

export interface QueueCount {
  readonly queue: string;
  /** From the queue's closed set of states; `dead` is one of them. */
  readonly state: string;
  readonly jobs: number;
}

export function queueFamily(counts: readonly QueueCount[]): Family {
  return {
    name: "holdfast_queue_jobs",
    help: "Jobs of each queue; dead ones failed for good and wait for a person.",
    samples: counts.map(({ queue, state, jobs }) => [
      [
        ["queue", queue],
        ["state", state],
      ],
      jobs,
    ]),
  };
}
