import { copyBytes, viewed } from "../../base/copy-bytes.ts";
import { freshPart, partBytes, recycle } from "../../base/parts.ts";

/** Bytes of one COPY or of several behind one another, and where in them each ended that did. */
export interface CopiedPart {
  readonly bytes: Buffer;
  readonly ends: readonly CopyEnd[];
}

export interface CopyEnd {
  /** Its last byte is the one before. */
  readonly at: number;
  /** By the server's own count. */
  readonly rows: number;
}

/** Whole parts that wait to be read before the server is made to wait. */
const waitingMax = 2;

const noBytes = Buffer.alloc(0);

/**
 * Bytes that come in small pieces and go out in large parts, from callbacks to one reader. A part
 * belongs to whoever took it: its memory is not used again.
 */
export class CopyParts {
  readonly #onRoom: () => void;
  readonly #waiting: CopiedPart[] = [];
  #part = viewed(noBytes);
  #filled = 0;
  #ends: CopyEnd[] = [];
  /** What is copied from; nearly always the one memory that a connection is received into. */
  #source = viewed(noBytes);
  #closed = false;
  #reader: ((part: CopiedPart | null) => void) | null = null;

  /** `onRoom` is called when there is room again. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < waitingMax;
  }

  /** Takes a copy of `bytes` between `from` and `to`, whether there is room or not. */
  add(bytes: Buffer, from: number, to: number): void {
    if (this.#source.bytes !== bytes) this.#source = viewed(bytes);
    for (let at = from; at < to;) {
      if (this.#filled === this.#part.bytes.length) {
        if (this.#filled > 0) this.flush();
        this.#part = viewed(Buffer.from(freshPart()));
      }
      const count = Math.min(to - at, this.#part.bytes.length - this.#filled);
      copyBytes(this.#source, at, at + count, this.#part, this.#filled);
      this.#filled += count;
      at += count;
    }
  }

  /** A COPY has ended well behind what was added. */
  end(rows: number): void {
    this.#ends.push({ at: this.#filled, rows });
  }

  /** Hands out what there is, since no more comes. */
  flush(): void {
    if (this.#filled === 0 && this.#ends.length === 0) return;
    // Many tables are small: their bytes are copied, and the rest of the part is not left to the collector.
    const { bytes } = this.#part;
    const isSmall = this.#filled < partBytes / 4;
    const filled = bytes.subarray(0, this.#filled);
    const part = isSmall ? Buffer.from(filled) : filled;
    // Where all that was copied was empty there is no part.
    if (isSmall && this.#filled > 0) recycle(bytes);
    const ends = this.#ends;
    this.#part = viewed(noBytes);
    this.#filled = 0;
    this.#ends = [];
    this.#handOut({ bytes: part, ends });
  }

  /** What has not been read by now is read if it was flushed, else nobody needs it any more. */
  close(): void {
    this.#closed = true;
    this.#reader?.(null);
    this.#reader = null;
  }

  /** The next part; null when closed and all was read. One call at a time. */
  async next(): Promise<CopiedPart | null> {
    const part = this.#waiting.shift();
    if (part !== undefined) {
      if (this.#waiting.length === waitingMax - 1) this.#onRoom();
      return part;
    }
    if (this.#closed) return null;
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  #handOut(part: CopiedPart): void {
    if (this.#reader === null) this.#waiting.push(part);
    else {
      this.#reader(part);
      this.#reader = null;
    }
  }
}
