/** The first look at the stores of a backup: is each fit to hold it, and what does it know of the tenant? */
import { allEnded } from "../base/all-ended.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord } from "../model/documents.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { distinct } from "./chain.ts";
import { checkStoreClock } from "./clocks.ts";
import { type Condemned, condemnedBy, joinCondemned, readCondemnedLists, settledLists } from "./condemned.ts";
import { identifyStores } from "./identify-stores.ts";
import { joinStatements, readStatements, type Statements } from "./known-damage.ts";
import type { Library } from "./library.ts";
import { isGood, type readRecords, type StoredRecord } from "./records.ts";
import type { Shelves } from "./shelves.ts";
import { asListed, listTenant, type TenantListing } from "./tenant-listing.ts";
import { refuseErased } from "./tombstone.ts";

export interface Holdings {
  readonly seen: ReadonlyMap<StoreName, readonly StoredRecord[]>;
  /** Good ones, each backup once, newest first. */
  readonly records: readonly BackupRecord[];
  readonly condemned: Condemned;
  /** Of each store, as `settledLists` has them. */
  readonly settled: ReadonlyMap<StoreName, ReadonlySet<string>>;
  readonly statements: Statements;
  /** Of the stores that are left. */
  readonly storeIds: ReadonlyMap<StoreName, string>;
  /** What each of them showed of the tenant. */
  readonly listings: ReadonlyMap<StoreName, TenantListing>;
}

interface FirstLook {
  readonly tenant: TenantId;
  readonly shelves: Shelves;
  /** Reads as many of a store's records as the caller needs. */
  readonly recordsOf: typeof readRecords;
}

/**
 * Stores that fail, or are none of ours, are out; "store/quorum" when too few are left, "policy/refused" for an erased
 * tenant. A store that has nothing of the tenant is
 * not asked for its time, which spares a request where a tenant is new; the price is that a store whose clock is wrong
 * is out of that one backup only at its last look, by the date of the manifest, when everything lies there already.
 */
export async function openShelves(
  { tenant, shelves, recordsOf }: FirstLook,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<Holdings> {
  const storeIds = await identifyStores(shelves, wait);
  const seen = new Map<StoreName, readonly StoredRecord[]>();
  const condemned: Condemned[] = [];
  const settled = new Map<StoreName, ReadonlySet<string>>();
  const statements: Statements[] = [];
  const listings = new Map<StoreName, TenantListing>();
  await shelves.each(async ({ store }) => {
    const listing = await listTenant(tenant, store, wait);
    const look = asListed(store, listing.others);
    await refuseErased(tenant, look, library, wait);
    const [records, here, said] = await allEnded([
      recordsOf(tenant, look, library, wait),
      readCondemnedLists(tenant, look, library, wait),
      readStatements(tenant, look, library, wait),
      ...(listing.others.length === 0 ? [] : [checkStoreClock(store, () => library.clock.now(), wait)]),
    ]);
    statements.push(said);
    condemned.push(condemnedBy(here));
    settled.set(store.name, settledLists(here));
    seen.set(store.name, records);
    listings.set(store.name, listing);
  }, wait);
  const good = distinct([...seen.values()].flat().filter(isGood));
  const records = good.map(({ record }) => record).toReversed();
  return {
    seen,
    records,
    condemned: joinCondemned(condemned),
    settled,
    statements: joinStatements(statements, storeIds),
    storeIds,
    listings,
  };
}
