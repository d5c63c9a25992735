/** The machine a program runs on, as an argument. */
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { RetryPolicy } from "../base/retry.ts";
import type { Environment } from "../config/secret.ts";

export interface Machine {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Milliseconds that only grow, for durations. */
  readonly monotonicMs: () => number;
  readonly env: Environment;
  /** The working folder, absolute. */
  readonly cwd: string;
  /** Of this Holdfast. */
  readonly version: string;
  /** The folder that holds `plans/` of the package. */
  readonly packageFolder: string;
  readonly hostName: string;
  /** The user id of this process; -1 where the system has none. */
  readonly uid: number;
  /** How often and after what time a store is asked again that could not be reached; left out: as is usual. */
  readonly storeRetry?: RetryPolicy;
}
