import { utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../src/base/clock.ts";
import type { Waiting } from "../src/base/waiting.ts";
import type { ObjectKey } from "../src/model/ids.ts";
import { type AnyStore, around } from "../src/stores/around.ts";
import type { ObjectStat, StoreOperation } from "../src/stores/store.ts";

/** How many requests a call is, and the bytes of the body that it writes. */
export type OnRequest = (operation: StoreOperation, requests: number, writtenBytes: number) => void;

/** What S3 shows in one answer; a listing of more takes so many requests as there are pages. */
const pageKeys = 1000;

/**
 * A directory store that lives by another clock: every file it takes gets that clock's time, which its listings
 * then show, and asked for its time it tells that clock's. Each call is counted as it is made.
 */
export function datedStore(store: AnyStore, path: string, clock: Clock, onRequest: OnRequest): AnyStore {
  async function* list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    let keys = 0;
    try {
      for await (const stat of store.list(prefix, wait, after)) {
        keys += 1;
        yield stat;
      }
    } finally {
      onRequest("list", Math.max(1, Math.ceil(keys / pageKeys)), 0);
    }
  }

  const dated = around(store, {
    run: async ({ operation, key, bytes }, work) => {
      onRequest(operation, 1, bytes);
      const result = await work();
      if (operation === "create" || operation === "mend") {
        const now = clock.now();
        await utimes(join(path, key), now, now);
      }
      return result;
    },
    list,
  });
  return {
    ...dated,
    clock: async (wait) => {
      await dated.clock(wait);
      return clock.now();
    },
  };
}
