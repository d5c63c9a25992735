import { Failure, failureOf } from "../../base/failure.ts";
import { pause, type Waiting } from "../../base/waiting.ts";
import type { Session } from "../session/session.ts";

/**
 * How long a snapshot lives: until its wait ends, it is too old, or anything that makes it up fails. Its end
 * cuts every connection, so that whoever reads from one of them fails with the reason, and nobody waits for
 * the rest of a backup that cannot become whole.
 */
export class SnapshotLife implements Disposable {
  readonly wait: Waiting;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(wait: Waiting) {
    this.wait = { signal: AbortSignal.any([wait.signal, this.#end.signal]) };
  }

  /** From now on it grows old. */
  begin(maxAgeMs: number): void {
    this.#timer = setTimeout(
      () => {
        this.fail(new Failure("wait/expired", `the snapshot grew older than ${String(maxAgeMs / 1000)} s`));
      },
      Math.min(maxAgeMs, 2 ** 31 - 1),
    );
  }

  fail(reason: unknown): void {
    clearTimeout(this.#timer);
    if (this.wait.signal.aborted) return;
    this.#end.abort(failureOf(reason));
  }

  /** `work` runs beside everything else, and what it throws ends the life. */
  beside(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.fail(error);
    });
  }

  [Symbol.dispose](): void {
    this.fail(new Failure("wait/cancelled", "the snapshot was closed"));
  }
}

const beatMs = 2_000;

/**
 * Asks the session that holds the snapshot for a sign of life again and again; never returns. A connection
 * that idles behind a firewall stays open, and one that is lost is noticed while others still read.
 */
export async function keepAlive(session: Session, wait: Waiting): Promise<never> {
  for (;;) {
    await pause(beatMs, wait);
    try {
      await session.query("select");
    } catch (error) {
      throw new Failure("source/lost", "the session that holds the snapshot was lost", { cause: error });
    }
  }
}
