import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";

/** The same reader, which also notes the keys that were asked for. */
export function noting(store: ObjectReader): {
  readonly reader: ObjectReader;
  readonly asked: ReadonlySet<ObjectKey>;
} {
  const asked = new Set<ObjectKey>();
  return {
    asked,
    reader: {
      name: store.name,
      stat: (key, wait) => store.stat(key, wait),
      read: async (key, options, wait) => {
        const body = await store.read(key, options, wait);
        asked.add(key);
        return body;
      },
      list: (prefix, wait) => store.list(prefix, wait),
      versions: (key, wait) => store.versions(key, wait),
      clock: (wait) => store.clock(wait),
    },
  };
}
