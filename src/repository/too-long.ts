import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";

/**
 * For `Look.wrong` of the current bytes under `key`, which were not read to their end since they were more than
 * `bytesMax`. Nothing is known of them but what the store says of their length; where it says otherwise, it was the way
 * here that made them longer, and no two such readings are wrong alike.
 */
export async function wrongOfTooLong(
  store: ObjectReader,
  key: ObjectKey,
  bytesMax: number,
  wait: Waiting,
): Promise<string | symbol> {
  const stat = await store.stat(key, wait);
  return stat !== null && stat.bytes > bytesMax ? `${String(stat.bytes)} bytes long` : Symbol("its length");
}
