import { isFailure } from "./failure.ts";
import { pause, type Waiting } from "./waiting.ts";

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
}

/**
 * Calls `work` until it returns, throws what trying again cannot mend, or has been tried
 * `attemptsMax` times. Delays double, each spread by `spread()` in 0..1 so that many hosts
 * do not come back at once.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  wait: Waiting,
  spread: () => number = Math.random,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!isFailure(error) || !error.retryable || attempt >= policy.attemptsMax || wait.signal.aborted)
        throw error;
      const delayMs = Math.min(policy.delayMaxMs, policy.firstDelayMs * 2 ** (attempt - 1));
      await pause(delayMs * (0.5 + spread() / 2), wait);
    }
  }
}
