import { isFailure } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import type { Pace } from "./pace.ts";

/**
 * A catalog that is away is waited for: what is to be told it has been done already, and a worker that gave up
 * here would have it done once more.
 */
export async function patiently<T>(
  { pace }: { readonly pace: Pick<Pace, "catalogRetryMs"> },
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error, "catalog/unreachable") || wait.signal.aborted) throw error;
      await pause(pace.catalogRetryMs, wait);
    }
  }
}
