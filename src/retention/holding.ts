/** What one store shows of a tenant, as far as retention asks. */
import type { Clock } from "../base/clock.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, ObjectKey, TenantId } from "../model/ids.ts";
import { parseProofKey, proofsPrefix, tenantPrefix } from "../model/layout.ts";
import { checkStoreClock } from "../repository/clocks.ts";
import { readCondemnedLists, type StoredLists } from "../repository/condemned.ts";
import { readHolds, type StoredHolds } from "../repository/holds.ts";
import { readRecords, type StoredRecord } from "../repository/records.ts";
import { refuseErased } from "../repository/tombstone.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { RetentionDesk } from "./order.ts";

export interface Holding {
  /** The store's clock, read before anything else: what is old enough by it was so before the records were read. */
  readonly storeNow: Date;
  /** Of its `holdfast.json`; null where it holds none. */
  readonly storeId: string | null;
  readonly isErased: boolean;
  /** Whether anything of the tenant lies there. */
  readonly isHolding: boolean;
  readonly condemned: StoredLists;
  readonly holds: StoredHolds;
  /** Of which proofs lie there; read before the records, so that none is of a backup that was made since. */
  readonly tried: ReadonlySet<BackupId>;
  readonly records: readonly StoredRecord[];
}

/** Records that an earlier prune condemned, whether or not it came to remove them everywhere. */
export function condemnedRecords(holdings: readonly Holding[]): ReadonlySet<ObjectKey> {
  return new Set(holdings.flatMap(({ condemned }) => condemned.lists.flatMap(({ records }) => records)));
}

/**
 * Throws what kept us from asking; "store/clock" when the store's clock is not to be relied on, to which `clock` is
 * compared; the desk's is what documents are judged by.
 */
export async function lookInto(
  tenant: TenantId,
  store: ObjectReader,
  { desk, clock }: { readonly desk: RetentionDesk; readonly clock: Clock },
  wait: Waiting,
): Promise<Holding> {
  await checkStoreClock(store, () => clock.now(), wait);
  const storeNow = await store.clock(wait);
  return {
    storeNow,
    storeId: (await readDescriptor(store, wait))?.storeId ?? null,
    isErased: await isErased(tenant, store, desk, wait),
    isHolding: await holdsAnything(tenant, store, wait),
    condemned: await readCondemnedLists(tenant, store, desk, wait),
    holds: await readHolds(tenant, store, desk, wait),
    tried: await triedBackups(tenant, store, wait),
    records: await readRecords(tenant, store, desk, wait),
  };
}

async function isErased(
  tenant: TenantId,
  store: ObjectReader,
  desk: RetentionDesk,
  wait: Waiting,
): Promise<boolean> {
  try {
    await refuseErased(tenant, store, desk, wait);
    return false;
  } catch (error) {
    if (isFailure(error, "policy/refused")) return true;
    throw error;
  }
}

async function triedBackups(
  tenant: TenantId,
  store: ObjectReader,
  wait: Waiting,
): Promise<ReadonlySet<BackupId>> {
  const found = new Set<BackupId>();
  for await (const { key } of store.list(proofsPrefix(tenant), wait)) {
    const backup = parseProofKey(key)?.backup;
    if (backup !== undefined) found.add(backup);
  }
  return found;
}

async function holdsAnything(tenant: TenantId, store: ObjectReader, wait: Waiting): Promise<boolean> {
  for await (const _ of store.list(tenantPrefix(tenant), wait)) return true;
  return false;
}
