import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";

/**
 * For `Look.wrong` of bytes under `key`, which were not read to their end since they were more than `bytesMax`. Nothing
 * is known of them but what the store says of their length; where it says otherwise, it was the way here that made them
 * longer, and no two such readings are wrong alike. An older `version` is read only where it was listed as no longer
 * than that, so that it always was the way.
 */
export async function wrongOfTooLong(
  store: ObjectReader,
  key: ObjectKey,
  version: string | undefined,
  bytesMax: number,
  wait: Waiting,
): Promise<string | symbol> {
  const stat = version === undefined ? await store.stat(key, wait) : null;
  return stat !== null && stat.bytes > bytesMax ? `${String(stat.bytes)} bytes long` : Symbol("its length");
}
