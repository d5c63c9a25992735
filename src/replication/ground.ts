/** What replicating and healing work on: a tenant's stores, and what each of them shows. */
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import type { Budget } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Signer, TrustRing } from "../keys/signing.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { type Condemned, joinCondemned, readCondemned } from "../repository/condemned.ts";
import { type Holdings, openShelves } from "../repository/open-shelves.ts";
import { readRecords } from "../repository/records.ts";
import { type Shelf, Shelves } from "../repository/shelves.ts";
import { refuseErased } from "../repository/tombstone.ts";
import type { ObjectMender, ObjectReader, Store } from "../stores/store.ts";

export interface MendingShelf extends Shelf {
  readonly store: Store & ObjectMender;
}

export interface ReplicationDesk {
  readonly trust: TrustRing;
  readonly clock: Clock;
  /** Milliseconds that pass however the clock is set. */
  readonly monotonicMs: () => number;
  /** Sealed bytes on their way to the stores, over the whole process. */
  readonly inFlight: Budget;
  /** Null on a host that signs nothing: what it mends is then not stated. */
  readonly signer: Signer | null;
  readonly host: string;
}

export interface Ground extends Holdings {
  readonly tenant: TenantId;
  readonly desk: ReplicationDesk;
  readonly shelves: Shelves;
  readonly menders: readonly MendingShelf[];
}

/** One store of the ground, and what the others can give it. */
export interface Delivery {
  readonly ground: Ground;
  readonly to: MendingShelf;
}

/**
 * Stores that fail, are none of ours, or stand under two names are out; "policy/refused" for an erased
 * tenant, "store/quorum" when no store is left.
 */
export async function openGround(
  tenant: TenantId,
  menders: readonly MendingShelf[],
  desk: ReplicationDesk,
  wait: Waiting,
): Promise<Ground> {
  const shelves = new Shelves(menders, 1, () => undefined);
  const holdings = await openShelves({ tenant, shelves, recordsOf: readRecords }, desk, wait);
  return { ...holdings, tenant, desk, shelves, menders };
}

/** The stores that are left and can be written to, preferred ones first. */
export function liveMenders({ menders, shelves }: Ground): readonly MendingShelf[] {
  return menders.filter(({ store }) => !shelves.failures.has(store.name));
}

/** Throws the failure of a store that is out. */
export function demandLive({ shelves }: Ground, store: StoreName): void {
  const failure = shelves.failures.get(store);
  if (failure !== undefined) throw failure;
}

/** Where bytes for `to` may come from: the others, its own older versions, and last what failed before. */
export function sourcesFor({ ground: { shelves }, to }: Delivery): readonly ObjectReader[] {
  const rank = (name: StoreName): number => (shelves.failures.has(name) ? 2 : name === to.store.name ? 1 : 0);
  return shelves.all.map(({ store }) => store).toSorted((one, other) => rank(one.name) - rank(other.name));
}

/**
 * Tombstones and condemned lists as they are now, in every store that is left. "policy/refused" when the
 * tenant was erased meanwhile; the failure of `to` when that store is out.
 */
export async function lookForDeath({ ground, to }: Delivery, wait: Waiting): Promise<Condemned> {
  const { tenant, shelves, desk } = ground;
  const each: Condemned[] = [];
  await shelves.each(async ({ store }) => {
    await refuseErased(tenant, store, desk, wait);
    each.push(await readCondemned(tenant, store, desk, wait));
  }, wait);
  demandLive(ground, to.store.name);
  return joinCondemned(each);
}

/** "keys/signature" where a list that cannot be read could name anything. */
export function demandReadable({ unreadable: [first] }: Condemned): void {
  if (first === undefined) return;
  throw new Failure(
    "keys/signature",
    `${first.key} in ${first.store} is not trusted (${first.reason}) and may condemn any backup`,
    { hint: "find out who wrote it, and remove it if no prune did" },
  );
}

/** The first of `keys` that is condemned; null when none is. */
export function deadAmong(condemned: Condemned, keys: Iterable<ObjectKey>): ObjectKey | null {
  for (const key of keys) if (condemned.keys.has(key)) return key;
  return null;
}
