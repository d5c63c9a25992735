/**
 * What the stores say of a tenant: its backups, whole or not in each store, and the proofs of each
 * copy. From the stores alone; a store that is down is noted and holds nobody up (promise 7).
 */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupState, CopyState } from "../model/choose.ts";
import type { BackupRecord, CondemnedList } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { compareInstants } from "../model/instant.ts";
import { inventoryKey, recordKey, tenantPrefix } from "../model/layout.ts";
import { newestFirst } from "../model/newest-first.ts";
import type { ObjectReader } from "../stores/store.ts";
import { type Gap, gaps } from "./chain.ts";
import { readRemovedRecords } from "./condemned.ts";
import { isFailure } from "../base/failure.ts";
import { holdsInForce, readHolds, type StoredHolds } from "./holds.ts";
import { samePlace, samePlaces } from "./identify-stores.ts";
import { readInventory } from "./inventories.ts";
import { askEach, demandAnswer, type Library, type StoreDown } from "./library.ts";
import { damagedKeys, joinStatements, readStatements, type Statements } from "./known-damage.ts";
import { ListedSizes } from "./listed-sizes.ts";
import { newestProof } from "./proofs.ts";
import { isGood, readRecords, type StoredRecord } from "./records.ts";
import { askStoreId } from "./store-id.ts";
import { refuseErased } from "./tombstone.ts";

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

/** What the rules choose from, and what people want to know beside it. */
export interface BackupEntry extends BackupState {
  /** Null where no store shows a record that we believe. */
  readonly record: BackupRecord | null;
}

export interface StateNote {
  readonly store: StoreName;
  readonly backup: BackupId | null;
  readonly note: string;
}

interface Holding {
  readonly store: ObjectReader;
  /** Null: no proof counts for copies here. */
  readonly storeId: string | null;
  /** About the store as a whole. */
  readonly notes: readonly StateNote[];
  readonly records: ReadonlyMap<BackupId, StoredRecord>;
  readonly listing: ListedSizes;
  readonly statements: Statements;
  /** Lists of records that retention removed. */
  readonly removed: readonly CondemnedList[];
  readonly holds: StoredHolds;
}

const inventoriesAtOnce = 2;
const unbound = "no proof counts for its copies; restore takes them with --allow-unproven --reason TEXT";

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
    (store) => hold(tenant, store, library, seen.get(store.name) ?? [], wait),
    wait,
  );
  demandAnswer(`what is held of ${tenant}`, library.stores.length, down);
  const holdings = [...answers.values()];
  const notes: StateNote[] = down.map(({ store, failure }) => ({
    store,
    backup: null,
    note: failure.message,
  }));
  for (const holding of holdings) notes.push(...holding.notes);
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
  await eachAtOnce(new Set(all.map((one) => one.backup)), inventoriesAtOnce, async (backup) => {
    entries.push(await entryOf(backup, library, holdings, statements, notes, wait));
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

/** Records before the listing, so that whatever a record names was there when the listing was made. */
async function hold(
  tenant: TenantId,
  store: ObjectReader,
  library: Library,
  seen: readonly StoredRecord[],
  wait: Waiting,
): Promise<Holding> {
  const { storeId, unusable } = await askStoreId(store, wait);
  const erased = await erasureOf(tenant, store, library, wait);
  const records = await readRecords(tenant, store, library, wait, seen);
  // After the records: whatever a prune took from among them meanwhile is listed by then.
  const removed = await readRemovedRecords(tenant, store, library, wait);
  const statements = await readStatements(tenant, store, library, wait);
  const holds = await readHolds(tenant, store, library, wait);
  const listing = new ListedSizes();
  for await (const { key, bytes } of store.list(tenantPrefix(tenant), wait)) listing.set(key, bytes);
  return {
    store,
    storeId,
    notes: [unusable === null ? null : `${unusable}, so ${unbound}`, erased].flatMap((note) =>
      note === null ? [] : [{ store: store.name, backup: null, note }],
    ),
    records: new Map(records.map((one) => [one.backup, one])),
    listing,
    statements,
    removed,
    holds,
  };
}

/** What lists say was removed, without what was held when they were written: that is missing, whoever took it. */
function explained(tenant: TenantId, holdings: readonly Holding[]): ReadonlySet<ObjectKey> {
  const holds = holdsInForce(holdings.map((one) => one.holds));
  const held = new Set(holds.flatMap(({ backup }) => (backup === null ? [] : [recordKey(tenant, backup)])));
  const all = holds.filter(({ backup }) => backup === null).map(({ at }) => at);
  const lists = holdings.flatMap(({ removed }) => removed);
  return new Set(
    lists
      .filter((list) => all.every((since) => compareInstants(list.at, since) <= 0))
      .flatMap(({ keys }) => keys)
      .filter((key) => !held.has(key)),
  );
}

async function erasureOf(
  tenant: TenantId,
  store: ObjectReader,
  library: Library,
  wait: Waiting,
): Promise<string | null> {
  try {
    await refuseErased(tenant, store, library, wait);
    return null;
  } catch (error) {
    if (isFailure(error, "policy/refused") || isFailure(error, "keys/signature")) return error.message;
    throw error;
  }
}

async function entryOf(
  backup: BackupId,
  library: Library,
  holdings: readonly Holding[],
  statements: Statements,
  notes: StateNote[],
  wait: Waiting,
): Promise<BackupEntry> {
  const shown = holdings.flatMap(({ records }) => records.get(backup) ?? []);
  const believed = shown.find(isGood);
  if (believed === undefined) return suspectEntry(backup, library, shown);
  const same = holdings.filter(({ records }) => records.get(backup)?.sha256 === believed.sha256);
  const damaged = new Map(
    holdings.map(({ store: { name }, storeId }) => [name, damagedKeys(statements, name, storeId, backup)]),
  );
  const whole = await wholeIn(believed.record, same, damaged, notes, wait);
  const copies = new Map<StoreName, CopyState>();
  for (const { name } of library.stores) {
    const holding = holdings.find(({ store }) => store.name === name);
    const proof =
      holding?.storeId === undefined || holding.storeId === null
        ? null
        : newestProof(statements.proofs, {
            backup,
            store: name,
            storeId: holding.storeId,
            record: believed.sha256,
          });
    const hasRecord = holding?.records.has(backup) === true;
    // What a proof found altered no listing shows, and it may be nothing that the inventory names.
    const isAltered =
      proof?.verdict === "refuted" && proof.damaged.some((key) => damaged.get(name)?.has(key));
    const state = whole.has(name) && !isAltered ? "present" : hasRecord ? "damaged" : "missing";
    copies.set(name, { state, proof: proof === null ? null : { verdict: proof.verdict, at: proof.at } });
  }
  const { kind, at, plainBytes } = believed.record;
  return { backup, kind, at, plainBytes, suspect: false, copies, record: believed.record };
}

/** The stores whose listing shows every object of the inventory, and the inventory, with its size. */
async function wholeIn(
  record: BackupRecord,
  holdings: readonly Holding[],
  damaged: ReadonlyMap<StoreName, ReadonlySet<ObjectKey>>,
  notes: StateNote[],
  wait: Waiting,
): Promise<ReadonlySet<StoreName>> {
  const { tenant, backup, inventory } = record;
  const whole = new Set(holdings.map(({ store }) => store.name));
  const drop = (store: StoreName, note: string): void => {
    if (whole.delete(store)) notes.push({ store, backup, note });
  };
  for (const { store, listing } of holdings) {
    const key = inventoryKey(tenant, backup);
    if (listing.get(key) !== inventory.bytes)
      drop(store.name, `${key} is ${listing.has(key) ? "of another size" : "missing"}`);
    else if (damaged.get(store.name)?.has(key) === true) drop(store.name, `${key} was found damaged`);
  }
  try {
    const sources = holdings.map(({ store }) => store);
    const onDamage = (damage: {
      readonly store: StoreName;
      readonly key: string;
      readonly reason: string;
    }): void => {
      drop(damage.store, `${damage.key} is ${damage.reason}`);
    };
    for await (const { key, bytes } of readInventory(sources, record, onDamage, wait)) {
      // The rest could tell no more, and may be as long as whoever made it liked.
      if (whole.size === 0) break;
      for (const { store, listing } of holdings) {
        if (listing.get(key) !== bytes)
          drop(store.name, `${key} is ${listing.has(key) ? "of another size" : "missing"}`);
        // What was found altered no listing shows; it counts against every backup that names it (trap 23).
        else if (damaged.get(store.name)?.has(key) === true) drop(store.name, `${key} was found damaged`);
      }
    }
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    for (const { store } of holdings) drop(store.name, error.message);
  }
  return whole;
}

/** Nothing of it is believed, and it is listed all the same: somebody has to look at it. */
function suspectEntry(backup: BackupId, library: Library, shown: readonly StoredRecord[]): BackupEntry {
  const record = shown.map((one) => one.record).find((one) => one !== null) ?? null;
  const holders = new Set(shown.map(({ store }) => store));
  const copies = new Map(
    library.stores.map(({ name }): [StoreName, CopyState] => [
      name,
      { state: holders.has(name) ? "damaged" : "missing", proof: null },
    ]),
  );
  return {
    backup,
    kind: record?.kind ?? "manual",
    at: record?.at ?? instantOf(backup),
    plainBytes: record?.plainBytes ?? 0,
    suspect: true,
    copies,
    record,
  };
}

/** The time an id claims: `20261121T013000Z` as ISO 8601. */
function instantOf(backup: BackupId): string {
  return backup.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*$/, "$1-$2-$3T$4:$5:$6.000Z");
}
