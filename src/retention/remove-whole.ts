/** Taking objects out of a store, every version of them. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { WholeStore } from "../stores/store.ts";

/**
 * `false` where the store refuses: the object is locked, or these credentials may not remove; it stays
 * for a later prune. Absent is as good as removed.
 */
export async function removeWhole(store: WholeStore, key: ObjectKey, wait: Waiting): Promise<boolean> {
  try {
    // The oldest first, and the current one last: else what lies behind it would come to light in between.
    for (const { version } of (await store.versions(key, wait)).toReversed()) {
      await store.remove(key, version, wait);
    }
    return true;
  } catch (error) {
    if (isFailure(error, "store/refused")) return false;
    throw error;
  }
}
