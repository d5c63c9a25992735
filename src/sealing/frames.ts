import { Failure } from "../base/failure.ts";

/**
 * Plain bytes that come in frames, as PostgreSQL sends the rows of a COPY: a byte that tells nothing here, the length
 * of the content and its own four bytes in big endian, the content. Who copies the bytes anyhow leaves the heads out
 * at the same time; nobody else has to make one run of bytes of the rows first.
 */
export const frameHeadBytes = 5;

/** Where the source stands between frames, since they may be cut anywhere. */
export class Frames {
  readonly #head = Buffer.alloc(frameHeadBytes);
  #filled = 0;
  /** Bytes of the content of the frame at hand that are still to come. */
  left = 0;

  /** Whether the next byte is the first of a frame. */
  get isBetween(): boolean {
    return this.left === 0 && this.#filled === 0;
  }

  /** Takes what `bytes` holds of a head from `from` on, and says where it stopped; then `left` tells of the content. */
  takeHead(bytes: Buffer, from: number): number {
    const taken = bytes.copy(this.#head, this.#filled, from);
    this.#filled += taken;
    if (this.#filled === frameHeadBytes) {
      this.left = this.#head.readInt32BE(1) - (frameHeadBytes - 1);
      if (this.left < 0) throw new Failure("internal/bug", "a frame is shorter than its own length");
      this.#filled = 0;
    }
    return from + taken;
  }
}
