import type { BucketInspector } from "./bucket.ts";
import type { ObjectStat, StoreOperation, WholeStore } from "./store.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";

/**
 * A store that may know more about its bucket, and may hold connections that disposing closes; what decorators take
 * and return, so that none loses it. Nobody may be at work in a store that is disposed.
 */
export type AnyStore = WholeStore & Partial<BucketInspector> & Partial<Disposable>;

export interface StoreCall {
  readonly operation: StoreOperation;
  readonly key: string;
  /** Of the body that is written; 0 for all other calls. */
  readonly bytes: number;
}

export interface Around {
  /** Every call but `list`. May call `work` any number of times. */
  readonly run: <T>(call: StoreCall, work: () => Promise<T>, wait: Waiting) => Promise<T>;
  readonly list: (prefix: string, wait: Waiting, after?: ObjectKey) => AsyncIterable<ObjectStat>;
}

/** The same store with something done around each of its calls. */
export function around(store: AnyStore, { run, list }: Around): AnyStore {
  const call = (operation: StoreOperation, key: string = "", bytes: number = 0): StoreCall => ({
    operation,
    key,
    bytes,
  });
  const settings = store.bucketSettings?.bind(store);
  const close = store[Symbol.dispose]?.bind(store);
  return {
    name: store.name,
    stat: async (key, wait) => run(call("stat", key), async () => store.stat(key, wait), wait),
    read: async (key, options, wait) =>
      run(call("read", key), async () => store.read(key, options, wait), wait),
    list,
    versions: async (key, wait) => run(call("versions", key), async () => store.versions(key, wait), wait),
    clock: async (wait) => run(call("clock"), async () => store.clock(wait), wait),
    create: async (key, body, options, wait) =>
      run(call("create", key, body.length), async () => store.create(key, body, options, wait), wait),
    mend: async (key, body, options, wait) =>
      run(call("mend", key, body.length), async () => store.mend(key, body, options, wait), wait),
    remove: async (key, version, wait) =>
      run(call("remove", key), async () => store.remove(key, version, wait), wait),
    ...(settings === undefined
      ? {}
      : { bucketSettings: async (wait: Waiting) => run(call("stat"), async () => settings(wait), wait) }),
    ...(close === undefined ? {} : { [Symbol.dispose]: close }),
  };
}
