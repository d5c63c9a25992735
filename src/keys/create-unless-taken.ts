import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { KeyObject } from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";

/**
 * Whether the object was made. Somebody else may have been quicker, with these bytes or others; whoever cares reads the
 * object back.
 */
export async function createUnlessTaken(
  { key, body }: KeyObject,
  store: KeyStore,
  wait: Waiting,
): Promise<boolean> {
  try {
    await store.create(key, body, {}, wait);
    return true;
  } catch (error) {
    if (!isFailure(error, "store/exists")) throw error;
    return false;
  }
}
