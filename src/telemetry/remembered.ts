/** Something that is read again when it is asked for and no longer fresh. */
import type { Clock } from "../base/clock.ts";
import { orAbort, type Waiting, within } from "../base/waiting.ts";

export interface Remembered<T> {
  /** What was last read, however long ago; null before the first reading that succeeded. */
  readonly value: T | null;
  /** When that was. */
  readonly readAt: Date | null;
  /** Whether the newest attempt succeeded. */
  readonly fresh: boolean;
}

export interface RememberOptions {
  readonly clock: Clock;
  /** So long a reading is given again, also one that failed: what is down is not asked by every scrape. */
  readonly freshMs: number;
  /** A reading that takes longer failed; a scrape cannot wait for it. */
  readonly limitMs: number;
}

/** Readers at the same time share one reading. Never rejects: a reading that failed leaves the one before it. */
export function remember<T>(
  read: (wait: Waiting) => Promise<T>,
  { clock, freshMs, limitMs }: RememberOptions,
): (wait: Waiting) => Promise<Remembered<T>> {
  let last: Remembered<T> = { value: null, readAt: null, fresh: false };
  let triedAtMs = -Infinity;
  let running: Promise<Remembered<T>> | null = null;

  async function again(wait: Waiting): Promise<Remembered<T>> {
    const limited = within(wait, limitMs);
    try {
      const value = await orAbort(read(limited), limited);
      last = { value, readAt: clock.now(), fresh: true };
    } catch {
      // The gauge that goes down tells it; who reads logs what failed.
      last = { ...last, fresh: false };
    }
    triedAtMs = clock.now().getTime();
    return last;
  }

  return async (wait) => {
    if (running !== null) return running;
    const age = clock.now().getTime() - triedAtMs;
    if (age >= 0 && age < freshMs) return last;
    running = again(wait).finally(() => {
      running = null;
    });
    return running;
  };
}
