import { stillWaiting, type Waiting } from "../base/waiting.ts";
import type { CutChunk } from "./sealing.ts";

/** Hands chunks to `place` one after the other; the next may be sealed meanwhile. */
export class PlaceLane {
  readonly #place: (chunk: CutChunk) => Promise<void>;
  readonly #wait: Waiting;
  #placing: Promise<void> = Promise.resolve();

  constructor(place: (chunk: CutChunk) => Promise<void>, wait: Waiting) {
    this.#place = place;
    this.#wait = wait;
  }

  /** Resolves when `place` has begun; throws what the one before threw, and then this one is not placed. */
  async put(chunk: CutChunk, whenPlaced: () => void): Promise<void> {
    try {
      await this.#placing;
      stillWaiting(this.#wait);
    } catch (error) {
      whenPlaced();
      throw error;
    }
    this.#placing = this.#place(chunk).finally(whenPlaced);
    // Looked at by the next `put` or by `idle`.
    this.#placing.catch(() => undefined);
  }

  /** Throws what the last `place` threw. */
  async idle(): Promise<void> {
    await this.#placing;
  }
}
