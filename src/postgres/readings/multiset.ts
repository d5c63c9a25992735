import { createHash, type Hash, hash } from "node:crypto";
import type { Multiset } from "../../model/fingerprint.ts";

const newline = 0x0a;
const lanes = 8;
const laneSize = 2 ** 32;
/** A lane holds this many summands of 32 bits before a double would lose a bit. */
const pendingMax = 2 ** 20;

/**
 * The multiset digest of `src/model/fingerprint.ts`, taken from COPY text that passes by in parts of any
 * size. In COPY text a newline ends a row and occurs nowhere else.
 */
export class MultisetMeasure {
  readonly #sum = new Float64Array(lanes);
  #pending = 0;
  #rows = 0;
  /** Of the beginning of a row whose end has not come yet: a row can be as long as a gigabyte, and is never held. */
  #open: Hash | null = null;

  update(part: Uint8Array): void {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(newline, from); end !== -1; end = bytes.indexOf(newline, from)) {
      const rest = bytes.subarray(from, end);
      // In one call where the row is whole, as nearly all are, and as text with a character for each byte: an
      // object for every digest took three times as long.
      this.#add(
        this.#open === null ? hash("sha256", rest, "binary") : this.#open.update(rest).digest("binary"),
      );
      this.#open = null;
      from = end + 1;
    }
    if (from < bytes.length) (this.#open ??= createHash("sha256")).update(bytes.subarray(from));
  }

  /** May be called once the last row has ended. */
  finish(): Multiset {
    this.#carry();
    return { rows: this.#rows, sum: hexOf(this.#sum) };
  }

  #add(digest: string): void {
    for (let lane = 0; lane < lanes; lane += 1) {
      const at = lane * 4;
      const low = digest.charCodeAt(at) + digest.charCodeAt(at + 1) * 0x100;
      const high = digest.charCodeAt(at + 2) + digest.charCodeAt(at + 3) * 0x100;
      this.#sum[lane] = (this.#sum[lane] ?? 0) + low + high * 0x1_0000;
    }
    this.#rows += 1;
    this.#pending += 1;
    if (this.#pending === pendingMax) this.#carry();
  }

  #carry(): void {
    carryOver(this.#sum);
    this.#pending = 0;
  }
}

/** The multiset of several disjoint sets of rows together. */
export function joinMultisets(parts: readonly Multiset[]): Multiset {
  const sum = new Float64Array(lanes);
  let rows = 0;
  for (const part of parts) {
    const digest = Buffer.from(part.sum, "hex");
    for (let lane = 0; lane < lanes; lane += 1) sum[lane] = (sum[lane] ?? 0) + digest.readUInt32LE(lane * 4);
    carryOver(sum);
    rows += part.rows;
  }
  return { rows, sum: hexOf(sum) };
}

function carryOver(sum: Float64Array): void {
  let carry = 0;
  for (let lane = 0; lane < lanes; lane += 1) {
    const total = (sum[lane] ?? 0) + carry;
    sum[lane] = total % laneSize;
    carry = Math.floor(total / laneSize);
  }
}

function hexOf(sum: Float64Array): string {
  const bytes = Buffer.alloc(lanes * 4);
  for (let lane = 0; lane < lanes; lane += 1) bytes.writeUInt32LE(sum[lane] ?? 0, lane * 4);
  return bytes.toString("hex");
}
