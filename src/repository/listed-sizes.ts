/**
 * What one store lists of a tenant: sizes by key. Chunks, of which there may be millions, take 12 bytes a
 * slot instead of some 250 for a key in a `Map`: 15 to 23 bytes each, as the table grows by half. A chunk is told by
 * 64 bits of its digest and name, so that one which the store does not list is taken for one that it does,
 * of the same size, less than once in 2^43 questions at 2,000,000 chunks. All other keys are kept as they are.
 */
import { type ChunkAddress, parseChunkKey } from "../model/layout.ts";

const slotsMin = 1024;
/** Of every five slots four may be taken. */
const loadMax = 0.8;
/** Objects are a few MiB; a larger one is kept by its key. */
const sizeMax = 0xffff_fffe;

export class ListedSizes {
  #table = new Table(slotsMin);
  readonly #others = new Map<string, number>();

  set(key: string, bytes: number): void {
    const chunk = bytes > sizeMax ? null : parseChunkKey(key);
    if (chunk === null) {
      this.#others.set(key, bytes);
      return;
    }
    if (this.#table.used >= this.#table.slots * loadMax) this.#table = this.#table.wider();
    this.#others.delete(key);
    const { upper, lower } = markOf(chunk);
    this.#table.put(upper, lower, bytes);
  }

  get(key: string): number | undefined {
    const other = this.#others.get(key);
    if (other !== undefined) return other;
    const chunk = parseChunkKey(key);
    if (chunk === null) return undefined;
    const { upper, lower } = markOf(chunk);
    return this.#table.get(upper, lower);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
}

interface Mark {
  readonly upper: number;
  readonly lower: number;
}

/** Two chunks of one name differ in their digests; one digest under another name or generation is another key. */
function markOf({ generation, name, digest }: ChunkAddress): Mark {
  const upper = Number.parseInt(digest.slice(0, 8), 16);
  const lower = Number.parseInt(digest.slice(8, 16), 16);
  return { upper, lower: (lower ^ Number.parseInt(name.slice(0, 8), 16) ^ generation) >>> 0 };
}

/** Open addressing; a size of zero in `#sizes` stands for an empty slot, so sizes lie there with one added. */
class Table {
  readonly slots: number;
  used = 0;
  readonly #uppers: Uint32Array;
  readonly #lowers: Uint32Array;
  readonly #sizes: Uint32Array;

  constructor(slots: number) {
    this.slots = slots;
    this.#uppers = new Uint32Array(slots);
    this.#lowers = new Uint32Array(slots);
    this.#sizes = new Uint32Array(slots);
  }

  put(upper: number, lower: number, bytes: number): void {
    const at = this.#find(upper, lower);
    if (this.#sizes[at] === 0) this.used += 1;
    this.#uppers[at] = upper;
    this.#lowers[at] = lower;
    this.#sizes[at] = bytes + 1;
  }

  get(upper: number, lower: number): number | undefined {
    const size = this.#sizes[this.#find(upper, lower)] ?? 0;
    return size === 0 ? undefined : size - 1;
  }

  wider(): Table {
    const wider = new Table(Math.ceil(this.slots * 1.5));
    for (const [at, size] of this.#sizes.entries()) {
      if (size !== 0) wider.put(this.#uppers[at] ?? 0, this.#lowers[at] ?? 0, size - 1);
    }
    return wider;
  }

  /** Its slot, or the empty one where it belongs; some always are. */
  #find(upper: number, lower: number): number {
    let at = upper % this.slots;
    while (this.#sizes[at] !== 0 && (this.#uppers[at] !== upper || this.#lowers[at] !== lower)) {
      at = at + 1 === this.slots ? 0 : at + 1;
    }
    return at;
  }
}
