import type { ObjectReader } from "./store.ts";

/** The store as who only reads is to have it: nothing else of it can be reached, by mistake or on purpose. */
export function readerOnly(store: ObjectReader): ObjectReader {
  return {
    name: store.name,
    stat: async (key, wait) => store.stat(key, wait),
    read: async (key, options, wait) => store.read(key, options, wait),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
    versions: async (key, wait) => store.versions(key, wait),
    clock: async (wait) => store.clock(wait),
  };
}
