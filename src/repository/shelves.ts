/** The stores that are to hold one backup: which of them still can, and whether those are enough. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName } from "../model/ids.ts";
import type { LockWish, Store } from "../stores/store.ts";
import { storeFailure } from "./library.ts";

export interface Shelf {
  readonly store: Store;
  /** How objects written here are locked; null where the store or the plan has no locks. */
  readonly lock: { readonly mode: LockWish["mode"]; readonly keepMs: number } | null;
}

/**
 * A store that fails is out for the rest of this backup: what it missed it would have to be told
 * again, and the others go on. Once fewer are left than the quorum, the backup is over.
 */
export class Shelves {
  readonly all: readonly Shelf[];
  readonly quorum: number;
  readonly #failures = new Map<StoreName, Failure>();
  readonly #onFailed: (store: StoreName, failure: Failure) => void;

  constructor(all: readonly Shelf[], quorum: number, onFailed: (store: StoreName, failure: Failure) => void) {
    this.all = all;
    this.quorum = quorum;
    this.#onFailed = onFailed;
  }

  get live(): readonly Shelf[] {
    return this.all.filter(({ store }) => !this.#failures.has(store.name));
  }

  get failures(): ReadonlyMap<StoreName, Failure> {
    return this.#failures;
  }

  /** The work on every store that is left, side by side. Throws "store/quorum" when too few remain. */
  async each(work: (shelf: Shelf) => Promise<void>, wait: Waiting): Promise<void> {
    const shelves = this.live;
    const ends = await Promise.allSettled(shelves.map((shelf) => work(shelf)));
    for (const [index, shelf] of shelves.entries()) {
      const end = ends[index];
      if (end?.status === "rejected") this.#note(shelf.store.name, storeFailure(end.reason, wait));
    }
    this.#demandQuorum();
  }

  /** Takes one store out. Throws "store/quorum" when too few remain. */
  fail(store: StoreName, failure: Failure): void {
    this.#note(store, failure);
    this.#demandQuorum();
  }

  #note(store: StoreName, failure: Failure): void {
    if (this.#failures.has(store)) return;
    this.#failures.set(store, failure);
    this.#onFailed(store, failure);
  }

  #demandQuorum(): void {
    const left = this.live.length;
    if (left >= this.quorum && left > 0) return;
    const failures = [...this.#failures];
    const why = failures.map(([store, failure]) => `${store}: ${failure.message}`).join("; ");
    const [, first] = failures[0] ?? [];
    // A host whose own clock is wrong sees every store off; that is worth its own name.
    if (first?.code === "store/clock" && failures.every(([, one]) => one.code === "store/clock")) throw first;
    const hint = first?.hint === undefined ? {} : { hint: first.hint };
    const counts = `${String(left)} of ${String(this.all.length)} stores can hold the backup, ${String(this.quorum)} must`;
    throw new Failure("store/quorum", why === "" ? counts : `${counts}: ${why}`, { cause: first, ...hint });
  }
}
