/**
 * Keys that lie in stores, with the size of the object under each and the stores that hold it. One prune looks at a
 * quarter of a million of them, which took a kilobyte each as strings on the heap. Here their texts are kept as bytes
 * outside of the heap, one behind the other, in slabs of a megabyte.
 */
import { digestOf, KeyIndex } from "../base/key-index.ts";
import { type ObjectKey, objectKey, type StoreName } from "../model/ids.ts";

export interface Lying {
  readonly key: ObjectKey;
  readonly bytes: number;
  readonly stores: readonly StoreName[];
}

const slabBytes = 1024 * 1024;

export class LyingKeys implements Iterable<Lying> {
  readonly max: number;
  readonly #index: KeyIndex;
  readonly #bytes: Float64Array;
  /** By slot of the index: where the key's text begins, in bytes counted over all slabs, and its length in bytes. */
  readonly #from: Float64Array;
  readonly #length: Uint16Array;
  readonly #slabs: Buffer[] = [];
  #end = 0;
  /** The slots, in the order in which their keys were added. */
  readonly #order: Uint32Array;
  #size = 0;
  /** By slot: 1 where the store holds the key. */
  readonly #in = new Map<StoreName, Uint8Array>();

  constructor(max: number) {
    this.max = max;
    this.#index = new KeyIndex(max);
    const { slots } = this.#index;
    this.#bytes = new Float64Array(slots);
    this.#from = new Float64Array(slots);
    this.#length = new Uint16Array(slots);
    this.#order = new Uint32Array(max);
  }

  get size(): number {
    return this.#size;
  }

  /** Notes that the store holds this key. False where `max` keys are held and this would be a new one: nothing is added. */
  add(key: ObjectKey, bytes: number, store: StoreName): boolean {
    const digest = digestOf(key);
    let slot = this.#index.slotOf(digest);
    if (slot === null) {
      if (this.#size === this.max) return false;
      slot = this.#index.add(digest);
      this.#write(slot, key);
      this.#bytes[slot] = bytes;
      this.#order[this.#size] = slot;
      this.#size += 1;
    }
    let here = this.#in.get(store);
    if (here === undefined) this.#in.set(store, (here = new Uint8Array(this.#index.slots)));
    here[slot] = 1;
    return true;
  }

  *[Symbol.iterator](): Generator<Lying> {
    const stores = [...this.#in];
    for (let at = 0; at < this.#size; at += 1) {
      const slot = this.#order[at] ?? 0;
      yield {
        key: this.#read(slot),
        bytes: this.#bytes[slot] ?? 0,
        stores: stores.filter(([, here]) => here[slot] === 1).map(([name]) => name),
      };
    }
  }

  #write(slot: number, key: ObjectKey): void {
    const length = Buffer.byteLength(key, "latin1");
    // A text lies within one slab: where the rest of this one is too short, it begins the next.
    if ((this.#end % slabBytes) + length > slabBytes)
      this.#end = Math.ceil(this.#end / slabBytes) * slabBytes;
    const slab = Math.floor(this.#end / slabBytes);
    const into = (this.#slabs[slab] ??= Buffer.allocUnsafeSlow(slabBytes));
    into.write(key, this.#end % slabBytes, "latin1");
    this.#from[slot] = this.#end;
    this.#length[slot] = length;
    this.#end += length;
  }

  #read(slot: number): ObjectKey {
    const from = this.#from[slot] ?? 0;
    const at = from % slabBytes;
    const text = this.#slabs[Math.floor(from / slabBytes)]?.toString(
      "latin1",
      at,
      at + (this.#length[slot] ?? 0),
    );
    return objectKey.parse(text);
  }
}
