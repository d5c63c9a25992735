import { Failure } from "../base/failure.ts";
import type { Log } from "../telemetry/log.ts";
import type { Workers } from "./workers.ts";

/** A job that was told to end writes nothing more; what it waits for is the stores it was writing to. */
const endLimitMs = 60_000;

/** Lets running jobs end for `limitMs`, then ends them; they go back to the queue. */
export async function drain(
  workers: Workers,
  { limitMs, over, log }: { readonly limitMs: number; readonly over: AbortController; readonly log: Log },
): Promise<void> {
  const stopped = workers.stop();
  if (await endsWithin(stopped, limitMs)) return;
  log.warn("running jobs are out of time, they go back to the queue", { running: workers.running() });
  over.abort(new Failure("wait/cancelled", "the daemon stops"));
  if (!(await endsWithin(stopped, endLimitMs)))
    log.error("jobs did not end, another worker takes them over", { running: workers.running() });
}

async function endsWithin(work: Promise<void>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, limitMs, false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
