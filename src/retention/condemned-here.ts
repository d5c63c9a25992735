/** What the lists of every store that takes part say of a key: not condemned, waiting, or ready to go. */
import { digestBytes, KeyIndex } from "../base/key-index.ts";
import { graceMs } from "../repository/commit.ts";
import type { StoredList } from "../repository/condemned.ts";
import type { ObjectKey } from "../model/ids.ts";

export interface ListedStore {
  readonly storeNow: Date;
  readonly lists: readonly StoredList[];
}

export type Standing =
  /** No list names it. */
  | "unnamed"
  /** Some store has no list that names it. */
  | "open"
  /** Every store has, and somewhere not for long enough. */
  | "waiting"
  /** Condemned in every store for the whole grace time. */
  | "ready";

export class CondemnedKeys {
  readonly #stores: number;
  readonly #index: KeyIndex;
  /** Of each key in how many stores a list names it, and one that is old enough. */
  readonly #named: Uint16Array;
  readonly #aged: Uint16Array;
  readonly #shown: Uint8Array;

  /** `now`: this host's clock when the lists were read. A step of either clock must not shorten the wait, so both have to agree. */
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
          // Several lists of one store count once: nothing but the stores before may have counted it.
          for (const count of counts) if (count[slot] === store) count[slot] = store + 1;
        }
      }
    }
  }

  standing(key: ObjectKey): Standing {
    return this.#standingAt(this.#index.slotOfName(key));
  }

  /** As `standing`; and some store shows it. */
  show(key: ObjectKey): Standing {
    const slot = this.#index.slotOfName(key);
    if (slot !== null) this.#shown[slot] = 1;
    return this.#standingAt(slot);
  }

  /** Whether any key of the list was shown. */
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
