import { Budget } from "./limit.ts";
import { pause, type Waiting } from "./waiting.ts";

/** Time as it passes, for who paces himself. */
export interface Pacing {
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  readonly pause: (ms: number, wait: Waiting) => Promise<void>;
}

export const systemPacing: Pacing = { monotonicMs: () => performance.now(), pause };

/** Debts shrink when less was transferred than announced, so that who waits looks again this often. */
const lookEveryMs = 1000;

/**
 * So many bytes a second, whoever asks. What is taken is paid for afterwards: the first taker goes at
 * once, the next one waits until that is paid. The rate is asked for at every taking, so that a change
 * counts from the next transfer on; null is no limit.
 */
export class ByteRate {
  readonly #bytesPerSecond: () => number | null;
  readonly #pacing: Pacing;
  readonly #turn = new Budget(1);
  #paidAtMs = 0;

  constructor(bytesPerSecond: () => number | null, pacing: Pacing = systemPacing) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#pacing = pacing;
  }

  /**
   * Resolves when it is the taker's turn; in order. Call what it resolves with once, with the bytes that
   * were transferred in the end: the announcement is put right. Rejects as `stillWaiting` does.
   */
  async take(announcedBytes: number, wait: Waiting): Promise<(bytes: number) => void> {
    const leave = await this.#turn.take(1, wait);
    try {
      const { monotonicMs } = this.#pacing;
      let rate = this.#bytesPerSecond();
      for (let leftMs; rate !== null && (leftMs = this.#paidAtMs - monotonicMs()) > 0;) {
        await this.#pacing.pause(Math.min(leftMs, lookEveryMs), wait);
        rate = this.#bytesPerSecond();
      }
      const msPerByte = rate === null ? 0 : 1000 / rate;
      this.#paidAtMs = Math.max(this.#paidAtMs, monotonicMs()) + announcedBytes * msPerByte;
      return (bytes) => {
        this.#paidAtMs = Math.max(this.#paidAtMs, rate === null ? 0 : monotonicMs());
        this.#paidAtMs += (bytes - announcedBytes) * msPerByte;
      };
    } finally {
      leave();
    }
  }
}
