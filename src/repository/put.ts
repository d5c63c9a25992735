/** Putting one object, of which the digest is known, into one store. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { CreateOptions } from "../stores/store.ts";
import { fetchFrom, type Wanted } from "./fetch.ts";
import type { Shelf } from "./shelves.ts";

interface Sealed extends Wanted {
  readonly body: Uint8Array;
  readonly lockedUntil: Date | null;
}

/**
 * When the key is taken by these very bytes, that is as good as having written them; when it is taken
 * by others, they were put there by somebody else, and the store cannot hold the object: "store/corrupt".
 */
export async function putWhole(shelf: Shelf, object: Sealed, wait: Waiting): Promise<void> {
  await putOrFind(shelf, object, wait);
}

/** The same; false when the bytes lay there already. */
export async function putOrFind(shelf: Shelf, object: Sealed, wait: Waiting): Promise<boolean> {
  const { store, lock } = shelf;
  const options: CreateOptions =
    lock === null || object.lockedUntil === null
      ? { sha256: object.sha256 }
      : { sha256: object.sha256, lock: { mode: lock.mode, until: object.lockedUntil } };
  try {
    await store.create(object.key, object.body, options, wait);
    return true;
  } catch (error) {
    if (!isFailure(error, "store/exists")) throw error;
    if (!Buffer.isBuffer(await fetchFrom(store, object, wait))) {
      throw new Failure("store/corrupt", `${object.key} is taken in ${store.name} by other bytes`, {
        cause: error,
      });
    }
    return false;
  }
}
