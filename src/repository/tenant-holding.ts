/** What one store holds of a tenant, before anything of it is weighed. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import { tenantPrefix } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { readRemovedRecords, type StoredList } from "./condemned.ts";
import { readHolds, type StoredHolds } from "./holds.ts";
import { readStatements, type Statements } from "./known-damage.ts";
import type { Library } from "./library.ts";
import { ListedSizes } from "./listed-sizes.ts";
import { readNewRecords, type StoredRecord } from "./records.ts";
import { askStoreId } from "./store-id.ts";
import { refuseErased } from "./tombstone.ts";

export interface StateNote {
  readonly store: StoreName;
  readonly backup: BackupId | null;
  readonly note: string;
}

export interface TenantHolding {
  readonly store: ObjectReader;
  /** Null: no proof counts for copies here. */
  readonly storeId: string | null;
  /** About the store as a whole. */
  readonly notes: readonly StateNote[];
  readonly records: ReadonlyMap<BackupId, StoredRecord>;
  readonly listing: ListedSizes;
  readonly statements: Statements;
  /** Lists of records that retention removed. */
  readonly removed: readonly StoredList[];
  readonly holds: StoredHolds;
}

const unbound = "no proof counts for its copies; restore takes them with --allow-unproven --reason TEXT";

/** Records in `seen` are not read again. Records before the listing, so that whatever a record names was there when the listing was made. */
export async function readHolding(
  tenant: TenantId,
  { store, seen }: { readonly store: ObjectReader; readonly seen: readonly StoredRecord[] },
  library: Library,
  wait: Waiting,
): Promise<TenantHolding> {
  const { storeId, unusable } = await askStoreId(store, wait);
  const erased = await erasureOf(tenant, store, library, wait);
  const records = await readNewRecords({ tenant, seen }, store, library, wait);
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
