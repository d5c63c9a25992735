/**
 * A set of SHA-256 digests in eight bytes each: 2,000,000 take 32 MB. What it says it has it may not
 * have, once in 2^43 at that size; what it says it has not it surely has not. Whoever removes what is
 * not in it errs on the side of keeping.
 */
import type { Sha256 } from "./digest.ts";

const slotsMin = 1024;

export class DigestSet {
  #slots = new BigUint64Array(slotsMin);
  #used = 0;

  get size(): number {
    return this.#used;
  }

  add(digest: Sha256): void {
    if (this.#used * 2 >= this.#slots.length) this.#grow();
    if (put(this.#slots, markOf(digest))) this.#used += 1;
  }

  mayHave(digest: Sha256): boolean {
    const mark = markOf(digest);
    return this.#slots[find(this.#slots, mark)] === mark;
  }

  #grow(): void {
    const wider = new BigUint64Array(this.#slots.length * 2);
    for (const mark of this.#slots) if (mark !== 0n) put(wider, mark);
    this.#slots = wider;
  }
}

/** Zero stands for an empty slot. */
function markOf(digest: Sha256): bigint {
  const mark = BigInt(`0x${digest.slice(0, 16)}`);
  return mark === 0n ? 1n : mark;
}

function put(slots: BigUint64Array, mark: bigint): boolean {
  const at = find(slots, mark);
  if (slots[at] === mark) return false;
  slots[at] = mark;
  return true;
}

/** The slot that holds the mark, or the empty one where it belongs; there is always one, as half of them are empty. */
function find(slots: BigUint64Array, mark: bigint): number {
  let at = Number(mark % BigInt(slots.length));
  while (slots[at] !== 0n && slots[at] !== mark) at = (at + 1) % slots.length;
  return at;
}
