/**
 * Putting what is said of a tenant: proofs, findings, holds and lists of condemned keys. None is locked, and each lies under
 * a name that tells its time by the second, which another one of that second may have taken.
 */
import { sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader, Store } from "../stores/store.ts";
import type { Wanted } from "./fetch.ts";
import { askEach } from "./library.ts";
import { putWhole } from "./put.ts";

export interface StatementBytes extends Wanted {
  readonly body: Uint8Array;
}

export function statementBytes(key: ObjectKey, body: Uint8Array): StatementBytes {
  return { key, body, bytes: body.length, sha256: sha256(body) };
}

/** Fails as `putWhole` does. */
export async function putStatement(statement: StatementBytes, store: Store, wait: Waiting): Promise<void> {
  await putWhole({ store, lock: null }, { ...statement, lockedUntil: null }, wait);
}

/** Whether any of the stores that answer has something under the key. */
export async function isTaken(
  key: ObjectKey,
  stores: readonly ObjectReader[],
  wait: Waiting,
): Promise<boolean> {
  const { answers } = await askEach(stores, (store) => store.stat(key, wait), wait);
  return [...answers.values()].some((stat) => stat !== null);
}
