/** What every use of the queue goes through: the library, and a limit on how long it may be silent. */
import type { PgBoss } from "pg-boss";
import { Failure, isFailure } from "../base/failure.ts";
import { orAbort, type Waiting, within } from "../base/waiting.ts";
import { catalogFailure } from "./failures.ts";
import type { Ask } from "./look-queue.ts";
import type { QueueSettings } from "./queue-settings.ts";
import type { Silence } from "./silence.ts";

/** Waits for what the library was asked, no longer than a limit; `what` is said of a failure. */
export type Call = <T>(what: string, work: Promise<T>, wait: Waiting) => Promise<T>;

export interface OpenQueue {
  readonly boss: PgBoss;
  readonly call: Call;
  readonly ask: Ask;
  readonly settings: QueueSettings;
  readonly silence: Silence;
}

const callLimitMs = 60_000;

/** Each answer, and each call without one, is told to whoever judges the silence of workers. */
export function callsOver(silence: Silence): Call {
  return async (what, work, wait) => {
    try {
      const answer = await orAbort(work, within(wait, callLimitMs));
      silence.answered();
      return answer;
    } catch (error) {
      const failure =
        isFailure(error, "wait/expired") && !wait.signal.aborted
          ? new Failure("catalog/unreachable", `${what}: no answer`, { cause: error })
          : catalogFailure(what, error);
      if (failure.code === "catalog/unreachable") silence.unanswered();
      throw failure;
    }
  };
}
