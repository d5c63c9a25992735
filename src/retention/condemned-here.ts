/** What the lists of every store that takes part say of a key: not condemned, waiting, or ready to go. */
import { graceMs } from "../repository/commit.ts";
import type { StoredList } from "../repository/condemned.ts";
import type { ObjectKey } from "../model/ids.ts";

export interface ListedStore {
  readonly storeNow: Date;
  readonly lists: readonly StoredList[];
}

export type Standing =
  /** Some store has no list that names it. */
  | "open"
  /** Every store has, and somewhere not for long enough. */
  | "waiting"
  /** Condemned in every store for the whole grace time. */
  | "ready";

export class CondemnedKeys {
  readonly #stores: readonly {
    readonly named: ReadonlySet<ObjectKey>;
    readonly aged: ReadonlySet<ObjectKey>;
  }[];

  /** `now`: this host's clock when the lists were read. A step of either clock must not shorten the wait, so both have to agree. */
  constructor(stores: Iterable<ListedStore>, now: Date) {
    this.#stores = Array.from(stores, ({ storeNow, lists }) => ({
      named: new Set(lists.flatMap(({ list }) => list.keys)),
      aged: new Set(lists.filter((one) => isAged(one, { storeNow, now })).flatMap(({ list }) => list.keys)),
    }));
  }

  standing(key: ObjectKey): Standing {
    if (this.#stores.length === 0 || !this.#stores.every(({ named }) => named.has(key))) return "open";
    return this.#stores.every(({ aged }) => aged.has(key)) ? "ready" : "waiting";
  }

  /** Whether any list names it. */
  isNamed(key: ObjectKey): boolean {
    return this.#stores.some(({ named }) => named.has(key));
  }
}

/** Whether a list has lain there for the whole grace time, by the store's clock and by ours. */
export function isAged(
  { list, storedAt }: StoredList,
  { storeNow, now }: { readonly storeNow: Date; readonly now: Date },
): boolean {
  return storeNow.getTime() - storedAt.getTime() >= graceMs && now.getTime() - Date.parse(list.at) >= graceMs;
}
