import { Failure } from "../base/failure.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";

/** What `read` takes into memory unless told otherwise; no object of ours is near it. */
export const readBytesMax = 64 * 1024 * 1024;

export function tooLarge(key: ObjectKey, store: StoreName, bytes: number): Failure {
  return new Failure("store/corrupt", `${key} in ${store} has ${String(bytes)} bytes, more than it may have`);
}
