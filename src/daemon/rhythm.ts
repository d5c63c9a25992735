import { pause, type Waiting } from "../base/waiting.ts";

export interface Rhythm {
  readonly name: string;
  /** From the end of one round to the beginning of the next; asked each time, as a reload may change it. */
  readonly everyMs: () => number;
  readonly round: () => Promise<void>;
  /** A round that failed; the next one comes all the same. */
  readonly onFailure: (name: string, error: unknown) => void;
}

/**
 * Rounds until the wait ends, the first at once, never two at a time. A timer and not a cron expression:
 * the beat may be any duration, and what is due is told by the watermark, not by when we look.
 */
export async function keepRhythm({ name, everyMs, round, onFailure }: Rhythm, wait: Waiting): Promise<void> {
  while (!wait.signal.aborted) {
    try {
      await round();
    } catch (error) {
      if (wait.signal.aborted) return;
      onFailure(name, error);
    }
    await pause(everyMs(), wait).catch(() => undefined);
  }
}
