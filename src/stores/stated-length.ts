import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "./store.ts";

/**
 * For `Look.wrong` of the current bytes under `key`: their digest, unless the store says that they are of another
 * length. Then it was the way here that cut them off, at the same place each time perhaps, and no two such readings are
 * wrong alike.
 */
export async function wrongAsStated(
  store: ObjectReader,
  key: ObjectKey,
  read: { readonly bytes: number; readonly digest: string },
  wait: Waiting,
): Promise<string | symbol> {
  const stat = await store.stat(key, wait);
  return stat?.bytes === read.bytes ? read.digest : Symbol("its length");
}
