import { Budget } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import { type AnyStore, around } from "./around.ts";
import type { ObjectStat } from "./store.ts";

/**
 * At most `places` calls at once, a budget where several share them; the rest wait in order. A listing holds a place only while it
 * fetches, not while its reader works, which may well be another call to this store.
 */
export function limited(store: AnyStore, places: number | Budget): AnyStore {
  const budget = typeof places === "number" ? new Budget(places) : places;

  async function inPlace<T>(work: () => Promise<T>, wait: Waiting): Promise<T> {
    const release = await budget.take(1, wait);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async function* list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    const listing = store.list(prefix, wait, after)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await inPlace(async () => listing.next(), wait);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await listing.return?.();
    }
  }

  return around(store, { run: async (_call, work, wait) => inPlace(work, wait), list });
}
