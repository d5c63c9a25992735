/**
 * Which of very many names there are, told by their SHA-256: 32 bytes a name where its text takes two hundred, and as sure
 * as the digest is. Names have numbers below `slots`, for whoever notes more of each.
 */
import { hash } from "node:crypto";

export const digestBytes = 32;

/** Digests one behind the other. */
export function digestsOf(names: readonly string[]): Buffer {
  const digests = Buffer.allocUnsafeSlow(names.length * digestBytes);
  for (const [at, name] of names.entries()) digestOf(name).copy(digests, at * digestBytes);
  return digests;
}

export function digestOf(name: string): Buffer {
  return hash("sha256", name, "buffer");
}

/** A table of open addresses, never more than three quarters full, that takes up to `max` different digests. */
export class KeyIndex {
  readonly slots: number;
  readonly #digests: Buffer;
  readonly #isTaken: Uint8Array;
  #isEmpty = true;

  constructor(max: number) {
    this.slots = Math.ceil((max * 4) / 3) + 1;
    this.#digests = Buffer.alloc(this.slots * digestBytes);
    this.#isTaken = new Uint8Array(this.slots);
  }

  /** The digest at `from` in `digests`; its number, also where it was there. */
  add(digests: Buffer, from = 0): number {
    const slot = this.#find(digests, from);
    if (this.#isTaken[slot] === 0) {
      this.#isEmpty = false;
      this.#isTaken[slot] = 1;
      digests.copy(this.#digests, slot * digestBytes, from, from + digestBytes);
    }
    return slot;
  }

  /** Its number; null where it was never added. */
  slotOf(digests: Buffer, from = 0): number | null {
    const slot = this.#find(digests, from);
    return this.#isTaken[slot] === 0 ? null : slot;
  }

  /** As `slotOf`, without a digest where there is nothing to find. */
  slotOfName(name: string): number | null {
    return this.#isEmpty ? null : this.slotOf(digestOf(name));
  }

  /** The slot that holds it, or the free one where it belongs; there is always one. */
  #find(digests: Buffer, from: number): number {
    let slot = digests.readUIntBE(from, 6) % this.slots;
    while (this.#isTaken[slot] !== 0 && !this.#isAt(slot, digests, from)) slot = (slot + 1) % this.slots;
    return slot;
  }

  #isAt(slot: number, digests: Buffer, from: number): boolean {
    const at = slot * digestBytes;
    return this.#digests.compare(digests, from, from + digestBytes, at, at + digestBytes) === 0;
  }
}
