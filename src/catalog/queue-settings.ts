import type { ClientConfig } from "pg";
import type { Failure } from "../base/failure.ts";

export interface QueueSettings {
  readonly connection: ClientConfig;
  readonly hostName: string;
  /** `work` makes and migrates the queue's schema; `look` only reads what a daemon made. */
  readonly mode: "work" | "look";
  /** A job whose worker has not been heard of for so long is free again; at least 10 s. */
  readonly heartbeatMs: number;
  /** The delay before the first retry, at least 1 s; it doubles with each one, up to half an hour. */
  readonly firstRetryMs: number;
  /** How often each queue is looked at for new jobs; at least 500 ms. */
  readonly pollMs: number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** Trouble that concerns nobody's call, such as a heartbeat that did not get through. */
  readonly onTrouble: (failure: Failure) => void;
}
