/** What the condemned lists of all stores that take part in a prune say of a key: not condemned, waiting, or ready to go. */
import { digestBytes, KeyIndex } from "../base/key-index.ts";
import { graceMs } from "../repository/commit.ts";
import type { StoredList } from "../repository/condemned.ts";
import type { ObjectKey } from "../model/ids.ts";

export interface ListedStore {
  readonly storeNow: Date;
  readonly lists: readonly StoredList[];
}

export type Standing =
  /** No list of any store names it. */
  | "unnamed"
  /** Some stores have a list that names it, and others have none. */
  | "open"
  /** Every store has a list that names it, and in some none is as old as the grace time. */
  | "waiting"
  /** Condemned in every store for the whole grace time. */
  | "ready";

export class CondemnedKeys {
  readonly #stores: number;
  readonly #index: KeyIndex;
  /** By slot of the index: in how many stores a list names the key. */
  readonly #named: Uint16Array;
  /** By slot: in how many stores a list that is as old as the grace time names it. */
  readonly #aged: Uint16Array;
  /** By slot: 1 where a store was seen to hold the key. */
  readonly #shown: Uint8Array;

  /**
   * `now`: this host's clock when the lists were read. A list is old enough only when this clock and the store's
   * both say so, since a step of either must not shorten the wait.
   */
  constructor(stores: readonly ListedStore[], now: Date) {
    this.#stores = stores.length;
    const bytes = stores.flatMap(({ lists }) => lists).reduce((sum, { digests }) => sum + digests.length, 0);
    this.#index = new KeyIndex(bytes / digestBytes);
    this.#named = new Uint16Array(this.#index.slots);
    this.#aged = new Uint16Array(this.#index.slots);
    this.#shown = new Uint8Array(this.#index.slots);
    for (const [store, { storeNow, lists }] of stores.entries()) {
      for (const list of lists) {
        const counts = isAged(list, { storeNow, now }) ? [this.#named, this.#aged] : [this.#named];
        for (let from = 0; from < list.digests.length; from += digestBytes) {
          const slot = this.#index.add(list.digests, from);
          // Several lists of one store count once: the first raises the count from `store`, the others find it raised.
          for (const count of counts) if (count[slot] === store) count[slot] = store + 1;
        }
      }
    }
  }

  standing(key: ObjectKey): Standing {
    return this.#standingAt(this.#index.slotOfName(key));
  }

  /** As `standing`, and notes that some store shows the key, for `isShown`. */
  show(key: ObjectKey): Standing {
    const slot = this.#index.slotOfName(key);
    if (slot !== null) this.#shown[slot] = 1;
    return this.#standingAt(slot);
  }

  /** Whether `show` was told any key of the list. */
  isShown({ digests }: StoredList): boolean {
    for (let from = 0; from < digests.length; from += digestBytes) {
      const slot = this.#index.slotOf(digests, from);
      if (slot !== null && this.#shown[slot] === 1) return true;
    }
    return false;
  }

  #standingAt(slot: number | null): Standing {
    if (slot === null) return "unnamed";
    if (this.#named[slot] !== this.#stores) return "open";
    return this.#aged[slot] === this.#stores ? "ready" : "waiting";
  }
}

/** Whether a list has lain there for the whole grace time, by the store's clock and by ours. */
export function isAged(
  { at, storedAt }: Pick<StoredList, "at" | "storedAt">,
  { storeNow, now }: { readonly storeNow: Date; readonly now: Date },
): boolean {
  return storeNow.getTime() - storedAt.getTime() >= graceMs && now.getTime() - Date.parse(at) >= graceMs;
}
