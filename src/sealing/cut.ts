/**
 * Cuts a stream into chunks by its content, under a key (design, section 5; trap 29).
 *
 * The stream is read as pieces: a piece ends behind a newline, or after `pieceBytesMax` without one.
 * A chunk ends behind a piece whose hash falls below a bound in proportion to the piece's length, so
 * every byte is as likely as any other to be the last of a chunk, however long the rows are. The hash
 * covers the piece's length and a few bytes of both ends and of the middle: an inserted or changed row
 * moves no boundary but its own. Chunks shorter than `chunkBytesMin` do not end, longer ones than
 * `chunkBytesMax` end before the piece that would not fit.
 *
 * All numbers here are part of the format: with others, equal data would be cut elsewhere and nothing
 * would be reused.
 */
import { viewed } from "../base/copy-bytes.ts";
import { Failure } from "../base/failure.ts";
import { chunkBytesMax, chunkBytesMin, hashPerByte, pieceBytesMax } from "./cut-rule.ts";
import { Frames } from "./frames.ts";
import { halfSipHash, type SipKey, sipKey } from "./half-sip-hash.ts";
import { framesBytesMax, giveBackRowMemory, lendRowMemory, type RowMemory } from "./row-memory.ts";

const firstBufferBytes = 2 * 1024 * 1024;
const newline = 10;

export class Cutter {
  readonly #key: SipKey;
  readonly #onTaken: (plain: Buffer) => void;
  readonly #words = new Int32Array(8);
  readonly #frames = new Frames();
  /** For bytes in frames; its chunk is `#buffer`. */
  #rows: RowMemory | null = null;
  /** The chunk in the making lies at the start of `#buffer`, once what ended before it was forgotten. */
  #buffer = viewed(Buffer.allocUnsafeSlow(firstBufferBytes));
  #filled = 0;
  #chunkFrom = 0;
  /** Where the chunks end that nobody has been given yet. */
  readonly #ends: number[] = [];
  /** Where the piece in the making starts. */
  #pieceFrom = 0;
  /** The first newline from there on; where none was found yet, how far was searched. */
  #newlineAt: number | null = null;
  #searched = 0;

  /** `cutKey`: eight secret bytes. `onTaken` sees all bytes of the stream pass by, in order; views that hold until it returns. */
  constructor(cutKey: Buffer, onTaken: (plain: Buffer) => void = () => undefined) {
    this.#key = sipKey(cutKey);
    this.#onTaken = onTaken;
  }

  /** Bytes of the chunk in the making, once all chunks have been asked for. */
  get left(): number {
    return this.#filled;
  }

  /** The chunks that these bytes complete. Each is a view that holds until the next one is asked for. */
  *push(bytes: Uint8Array): Generator<Buffer, void> {
    for (let taken = 0; taken < bytes.length;) {
      const part = bytes.subarray(taken, taken + this.#room(bytes.length - taken));
      this.#buffer.bytes.set(part, this.#filled);
      this.#take(part.length);
      taken += part.length;
      this.#searchPieces();
      yield* this.#cuts();
    }
  }

  /**
   * The same for bytes in frames (`frames.ts`), which may come in pieces of any size. What is cut are the bytes
   * without the heads, where `push` would cut them: that nearly every frame is a row only saves the search for
   * newlines.
   */
  *pushFramed(bytes: Uint8Array): Generator<Buffer, void> {
    this.#rows ??= this.#lend();
    for (let taken = 0; taken < bytes.length; taken += framesBytesMax) {
      const part = bytes.subarray(taken, taken + framesBytesMax);
      this.#rows.frames.bytes.set(part);
      for (let at = 0; at < part.length;) {
        this.#room(part.length - at);
        at = this.#takeFrames(this.#rows, at, part.length);
        yield* this.#cuts();
      }
    }
  }

  /** What is left; null when nothing is. Once; then the memory may go to another by `dispose`. */
  finish(): Buffer | null {
    // The last piece may lack its newline and may be the one that does not fit: that was cut in `push`.
    return this.#filled === 0 ? null : this.#buffer.bytes.subarray(0, this.#filled);
  }

  /** Nobody reads any of the chunks any more. */
  [Symbol.dispose](): void {
    if (this.#rows !== null) giveBackRowMemory(this.#rows);
    this.#rows = null;
  }

  /** How many of `wanted` bytes can be taken now; the buffer grows to the longest chunk and one piece more. */
  #room(wanted: number): number {
    const full = chunkBytesMax + pieceBytesMax;
    const { bytes } = this.#buffer;
    if (this.#filled + wanted > bytes.length && bytes.length < full) {
      const length = Math.min(full, Math.max(bytes.length * 2, this.#filled + wanted));
      if (this.#rows === null) {
        const larger = Buffer.allocUnsafeSlow(length);
        bytes.copy(larger, 0, 0, this.#filled);
        this.#buffer = viewed(larger);
      } else {
        this.#rows.grow(length);
        this.#buffer = this.#rows.chunk;
      }
    }
    return Math.min(wanted, this.#buffer.bytes.length - this.#filled);
  }

  #lend(): RowMemory {
    if (this.#filled > 0) throw new Failure("internal/bug", "bytes in frames behind others");
    const rows = lendRowMemory(firstBufferBytes);
    this.#buffer = rows.chunk;
    return rows;
  }

  /** Says of `count` bytes behind the others that they were written there. */
  #take(count: number): void {
    this.#onTaken(this.#buffer.bytes.subarray(this.#filled, this.#filled + count));
    this.#filled += count;
  }

  /** Takes what there is room for of the frames, and says where it stopped. */
  #takeFrames(rows: RowMemory, from: number, to: number): number {
    const { bytes } = rows.frames;
    let at = from;
    while (at < to) {
      if (this.#frames.left > 0) {
        const room = this.#buffer.bytes.length - this.#filled;
        const count = Math.min(room, this.#frames.left, to - at);
        if (count === 0) break;
        bytes.copy(this.#buffer.bytes, this.#filled, at, at + count);
        this.#take(count);
        this.#frames.left -= count;
        at += count;
        this.#searchPieces();
        continue;
      }
      const isBetween = this.#frames.isBetween && this.#pieceFrom === this.#filled;
      const stopped = isBetween ? this.#takeRows(rows, at, to) : at;
      at = stopped === at ? this.#frames.takeHead(bytes.subarray(0, to), at) : stopped;
    }
    return at;
  }

  /** Takes frames that are whole and are a piece each: those that end in a newline, which a row has nowhere else. */
  #takeRows(rows: RowMemory, from: number, to: number): number {
    const before = { filled: this.#filled, chunkFrom: this.#chunkFrom };
    const { at, filled, chunkFrom } = rows.take(from, to, before, this.#key, (end) => this.#ends.push(end));
    this.#take(filled - this.#filled);
    this.#chunkFrom = chunkFrom;
    this.#pieceFrom = filled;
    this.#searched = filled;
    return at;
  }

  /** Ends the pieces whose end is there. */
  #searchPieces(): void {
    const live = this.#buffer.bytes.subarray(0, this.#filled);
    for (let end = this.#pieceEnd(live); end !== null; end = this.#pieceEnd(live)) {
      if (end - this.#chunkFrom > chunkBytesMax) this.#endChunk(this.#pieceFrom);
      const mayEnd = end - this.#chunkFrom >= chunkBytesMin;
      if (mayEnd && this.#isLast(this.#buffer.view, this.#pieceFrom, end)) this.#endChunk(end);
      this.#pieceFrom = end;
    }
    // The piece is not whole yet, but whatever its end, it does not fit.
    if (this.#filled - this.#chunkFrom > chunkBytesMax) this.#endChunk(this.#pieceFrom);
  }

  #endChunk(end: number): void {
    this.#ends.push(end);
    this.#chunkFrom = end;
  }

  /** Where the piece in the making ends; null when more bytes are needed to know. */
  #pieceEnd(live: Buffer): number | null {
    const limit = this.#pieceFrom + pieceBytesMax;
    if (this.#newlineAt === null || this.#newlineAt < this.#pieceFrom) {
      const found = live.indexOf(newline, this.#searched);
      this.#newlineAt = found === -1 ? null : found;
      this.#searched = (this.#newlineAt ?? this.#filled - 1) + 1;
    }
    if (this.#newlineAt !== null && this.#newlineAt < limit) return this.#newlineAt + 1;
    return this.#filled >= limit ? limit : null;
  }

  /** Whether a chunk ends behind the piece that lies between `from` and `end`. */
  #isLast(view: DataView, from: number, end: number): boolean {
    const bytes = end - from;
    const words = this.#words;
    words[0] = bytes;
    if (bytes >= 8) {
      // Eight bytes each of the start, the middle and the end; in a short piece they overlap.
      const middle = from + ((bytes - 8) >>> 1);
      words[1] = view.getInt32(from, true);
      words[2] = view.getInt32(from + 4, true);
      words[3] = view.getInt32(middle, true);
      words[4] = view.getInt32(middle + 4, true);
      words[5] = view.getInt32(end - 8, true);
      words[6] = view.getInt32(end - 4, true);
      words[7] = 0;
    } else {
      words.fill(0, 1);
      for (let at = from; at < end; at += 1) words[1 + (at - from)] = view.getUint8(at);
    }
    return halfSipHash(words, words.length, this.#key) < bytes * hashPerByte;
  }

  *#cuts(): Generator<Buffer, void> {
    let from = 0;
    for (const end of this.#ends) {
      yield this.#buffer.bytes.subarray(from, end);
      from = end;
    }
    this.#ends.length = 0;
    if (from > 0) this.#forget(from);
  }

  #forget(bytes: number): void {
    this.#buffer.bytes.copyWithin(0, bytes, this.#filled);
    this.#filled -= bytes;
    this.#chunkFrom -= bytes;
    this.#pieceFrom -= bytes;
    this.#searched -= bytes;
    this.#newlineAt = this.#newlineAt === null || this.#newlineAt < bytes ? null : this.#newlineAt - bytes;
  }
}
