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
import { chunkBytesMax } from "../model/chunk-bytes.ts";
import { halfSipHash, type SipKey, sipKey } from "./half-sip-hash.ts";

export const chunkBytesMin = 128 * 1024;
export const pieceBytesMax = 64 * 1024;
/** Mean distance from the least length to the cut; with the least length about 1 MiB in all. */
const spacingBytes = 896 * 1024;
/** A piece of `n` bytes ends the chunk when its hash is below `n * hashPerByte`. */
const hashPerByte = 2 ** 32 / spacingBytes;
const firstBufferBytes = 2 * 1024 * 1024;
const newline = 10;

export class Cutter {
  readonly #key: SipKey;
  readonly #words = new Int32Array(8);
  /** The chunk in the making lies at the start of `#buffer`. */
  #buffer = Buffer.allocUnsafeSlow(firstBufferBytes);
  #view = viewOf(this.#buffer);
  #filled = 0;
  /** Where the piece in the making starts. */
  #pieceFrom = 0;
  /** The first newline from there on; where none was found yet, how far was searched. */
  #newlineAt: number | null = null;
  #searched = 0;

  /** `cutKey`: eight secret bytes. */
  constructor(cutKey: Buffer) {
    this.#key = sipKey(cutKey);
  }

  /** The chunks that these bytes complete. Each is a view that holds until the next one is asked for. */
  *push(bytes: Uint8Array): Generator<Buffer, void> {
    let taken = 0;
    while (taken < bytes.length) {
      const part = bytes.subarray(taken, taken + this.#room(bytes.length - taken));
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      yield* this.#cuts();
    }
  }

  /** What is left; null when nothing is. Once. */
  finish(): Buffer | null {
    // The last piece may lack its newline and may be the one that does not fit: that was cut in `push`.
    return this.#filled === 0 ? null : this.#buffer.subarray(0, this.#filled);
  }

  /** How many of `wanted` bytes can be taken now; the buffer grows to the longest chunk and one piece more. */
  #room(wanted: number): number {
    const full = chunkBytesMax + pieceBytesMax;
    if (this.#filled + wanted > this.#buffer.length && this.#buffer.length < full) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(full, Math.max(this.#buffer.length * 2, this.#filled + wanted)),
      );
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
      this.#view = viewOf(larger);
    }
    return Math.min(wanted, this.#buffer.length - this.#filled);
  }

  *#cuts(): Generator<Buffer, void> {
    const live = this.#buffer.subarray(0, this.#filled);
    let chunkFrom = 0;
    for (let end = this.#pieceEnd(live); end !== null; end = this.#pieceEnd(live)) {
      if (end - chunkFrom > chunkBytesMax) {
        yield this.#buffer.subarray(chunkFrom, this.#pieceFrom);
        chunkFrom = this.#pieceFrom;
      }
      const ends = end - chunkFrom >= chunkBytesMin && this.#endsChunk(this.#pieceFrom, end);
      this.#pieceFrom = end;
      if (ends) {
        yield this.#buffer.subarray(chunkFrom, end);
        chunkFrom = end;
      }
    }
    if (this.#filled - chunkFrom > chunkBytesMax) {
      // The piece is not whole yet, but whatever its end, it does not fit.
      yield this.#buffer.subarray(chunkFrom, this.#pieceFrom);
      chunkFrom = this.#pieceFrom;
    }
    if (chunkFrom > 0) this.#forget(chunkFrom);
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

  #endsChunk(from: number, end: number): boolean {
    const bytes = end - from;
    const words = this.#words;
    const view = this.#view;
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
      for (let at = from; at < end; at += 1) words[1 + (at - from)] = this.#buffer[at] ?? 0;
    }
    return halfSipHash(words, words.length, this.#key) < bytes * hashPerByte;
  }

  #forget(bytes: number): void {
    this.#buffer.copyWithin(0, bytes, this.#filled);
    this.#filled -= bytes;
    this.#pieceFrom -= bytes;
    this.#searched -= bytes;
    this.#newlineAt = this.#newlineAt === null || this.#newlineAt < bytes ? null : this.#newlineAt - bytes;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
