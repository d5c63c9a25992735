/**
 * What the stores say of a tenant: its backups, whole or not in each store, and the proofs of each
 * copy. From the stores alone; a store that is down is noted and holds nobody up (promise 7).
 */
import { append } from "../base/append.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { compareInstants } from "../model/instant.ts";
import { recordKey } from "../model/layout.ts";
import { newestFirst } from "../model/newest-first.ts";
import { type BackupEntry, entryOf } from "./backup-entry.ts";
import { type Gap, gaps } from "./chain.ts";
import { holdsInForce } from "./holds.ts";
import { samePlace, samePlaces } from "./identify-stores.ts";
import { joinStatements } from "./known-damage.ts";
import { askEach, demandAnswer, type Library, type StoreDown } from "./library.ts";
import { isGood, type StoredRecord } from "./records.ts";
import { readHolding, type StateNote, type TenantHolding } from "./tenant-holding.ts";

export interface TenantStates {
  /** Newest recovery point first. */
  readonly backups: readonly BackupEntry[];
  /** Records that others name as their predecessor and that no store shows. */
  readonly gaps: readonly Gap[];
  /** What is unknown or not believed, and why, in words; those of stores that are down included. */
  readonly notes: readonly StateNote[];
  /** Stores that could not be asked, and may hold more. */
  readonly down: readonly StoreDown[];
}

const inventoriesAtOnce = 2;

/**
 * "store/quorum" when no store could be asked: nothing found then means nothing. Records in `seen`, by their
 * store, are not read again.
 */
export async function tenantStates(
  tenant: TenantId,
  library: Library,
  wait: Waiting,
  seen: ReadonlyMap<StoreName, readonly StoredRecord[]> = new Map(),
): Promise<TenantStates> {
  const { answers, down } = await askEach(
    library.stores,
    (store) => readHolding(tenant, { store, seen: seen.get(store.name) ?? [] }, library, wait),
    wait,
  );
  demandAnswer(`what is held of ${tenant}`, library.stores.length, down);
  const holdings = [...answers.values()];
  const notes: StateNote[] = down.map(({ store, failure }) => ({
    store,
    backup: null,
    note: failure.message,
  }));
  for (const holding of holdings) append(notes, holding.notes);
  const all = holdings.flatMap(({ records }) => [...records.values()]);
  for (const one of all) {
    if (one.standing === "suspect")
      notes.push({ store: one.store, backup: one.backup, note: `${one.reason}: ${one.detail}` });
  }
  const ids = new Map(holdings.map(({ store, storeId }) => [store.name, storeId]));
  notes.push(...onePlaceTwice(library, ids));
  const statements = joinStatements(
    holdings.map((one) => one.statements),
    new Map(library.stores.map(({ name }) => [name, ids.get(name) ?? null])),
  );
  const entries: BackupEntry[] = [];
  const answered = { stores: library.stores, holdings, statements, notes };
  await eachAtOnce(new Set(all.map((one) => one.backup)), inventoriesAtOnce, async (backup) => {
    entries.push(await entryOf(backup, answered, wait));
  });
  return {
    backups: entries.toSorted(newestFirst),
    gaps: gaps(all.filter(isGood), explained(tenant, holdings)),
    notes,
    down,
  };
}

/** Nothing more is done about it here: whatever is written asks for itself which stores there really are. */
function onePlaceTwice(
  { stores }: Pick<Library, "stores">,
  ids: ReadonlyMap<StoreName, string | null>,
): StateNote[] {
  const known = new Map([...ids].flatMap(([name, id]) => (id === null ? [] : [[name, id] as const])));
  const order = stores.map(({ name }) => name);
  return samePlaces(known, order).map(({ name, other }) => ({
    store: name,
    backup: null,
    note: `${samePlace(name, other).message}, so that a copy in both is one copy`,
  }));
}

/** What lists say was removed, without what was held when they were written: that is missing, whoever took it. */
function explained(tenant: TenantId, holdings: readonly TenantHolding[]): ReadonlySet<ObjectKey> {
  const holds = holdsInForce(holdings.map((one) => one.holds));
  const held = new Set(holds.flatMap(({ backup }) => (backup === null ? [] : [recordKey(tenant, backup)])));
  const all = holds.filter(({ backup }) => backup === null).map(({ at }) => at);
  const lists = holdings.flatMap(({ removed }) => removed);
  return new Set(
    lists
      .filter((list) => all.every((since) => compareInstants(list.at, since) <= 0))
      .flatMap(({ records }) => records)
      .filter((key) => !held.has(key)),
  );
}
