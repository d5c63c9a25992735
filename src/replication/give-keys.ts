/** Bringing a tenant's key objects into a store: as one set, vouched for by its own signed statement. */
import { sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type KeyObject, type KeySet, readKeySet } from "../keys/key-set.ts";
import { type BackupRecord, type InventoryLine, keyStatement } from "../model/documents.ts";
import { keySetKeys } from "../model/layout.ts";
import { readSigned } from "../repository/signed.ts";
import { storeFailure } from "../repository/library.ts";
import { type Ground, type MendingShelf, sourcesFor } from "./ground.ts";
import { type Lost, placeObject } from "./place-object.ts";

/**
 * Identity and id before the statement. "store/corrupt" where the store shows another key set under that
 * number which is signed as well: other backups may open with it, so it is never written over.
 */
export async function giveKeys(
  ground: Ground,
  to: MendingShelf,
  record: BackupRecord,
  named: readonly InventoryLine[],
  wait: Waiting,
): Promise<Lost | null> {
  const keys = keySetKeys(record.tenant, record.keyGeneration);
  const statement = named.find(({ key }) => key === keys.statement);
  if (statement === undefined)
    throw new Failure("format/invalid", `the inventory of ${record.backup} names no keys`);
  await refuseAnother(ground, to, record, statement, wait);
  const keySet = await findKeySet(ground, to, record, named, wait);
  if (!("objects" in keySet)) return keySet;
  for (const { key, body } of keySet.objects) {
    const object = { key, body, bytes: body.length, sha256: sha256(body) };
    await placeObject(to, object, ground.desk.clock.now(), wait);
  }
  return null;
}

async function refuseAnother(
  { desk }: Ground,
  { store }: MendingShelf,
  { tenant, keyGeneration }: BackupRecord,
  { key, sha256: wanted }: InventoryLine,
  wait: Waiting,
): Promise<void> {
  const form = {
    purpose: "key",
    schema: keyStatement,
    trust: desk.trust,
    misplaced: (one: { readonly tenant: string; readonly generation: number }): string | null =>
      one.tenant === tenant && one.generation === keyGeneration ? null : "it is the statement of another",
  } as const;
  try {
    const there = await readSigned(store, key, form, wait);
    if (there.kind === "bad" || there.sha256 === wanted) return;
  } catch (error) {
    if (isFailure(error, "store/absent")) return;
    throw error;
  }
  throw new Failure("store/corrupt", `${key} in ${store.name} is the statement of another key set`, {
    hint: "backups made with either set cannot lie in one store; `holdfast keys rotate TENANT` makes a set that every store can hold",
  });
}

async function findKeySet(
  ground: Ground,
  { store }: MendingShelf,
  { tenant, keyGeneration }: BackupRecord,
  named: readonly InventoryLine[],
  wait: Waiting,
): Promise<KeySet | Lost> {
  const digests = new Map(named.map((line) => [line.key, line.sha256]));
  const isNamed = ({ key, body }: KeyObject): boolean => digests.get(key) === sha256(body);
  let mayReturn = false;
  for (const source of sourcesFor(ground, store.name)) {
    try {
      const found = await readKeySet(tenant, keyGeneration, source, ground.desk.trust, wait);
      if (found.objects.every(isNamed)) return found;
    } catch (error) {
      const { code } = storeFailure(error, wait);
      mayReturn ||= code === "store/unreachable" || code === "store/refused" || code === "wait/expired";
    }
  }
  const { statement } = keySetKeys(tenant, keyGeneration);
  return {
    key: statement,
    reason: "no store shows the key set that the backup names, whole and signed",
    mayReturn,
  };
}
