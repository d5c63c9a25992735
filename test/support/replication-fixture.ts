/** What replicating, healing and scrubbing take, over a house of the repository fixture and its stores in memory. */
import { ByteRate } from "../../src/base/byte-rate.ts";
import { Budget } from "../../src/base/limit.ts";
import type { ObjectKey, StoreName } from "../../src/model/ids.ts";
import type { HealReport } from "../../src/replication/heal-report.ts";
import type { MendingShelf, ReplicationDesk } from "../../src/replication/ground.ts";
import { heal } from "../../src/replication/heal.ts";
import { replicate, type ReplicateReport } from "../../src/replication/replicate.ts";
import type { Library } from "../../src/repository/library.ts";
import type { ScrubReport } from "../../src/scrub/report.ts";
import { scrub, type ScrubDesk } from "../../src/scrub/scrub.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { marked, never, type House } from "./repository-fixture.ts";
import type { MemoryStore } from "./memory-store.ts";

export function deskOf(house: House): ReplicationDesk {
  const { trust, clock, signer } = house;
  const monotonicMs = (): number => clock.now().getTime();
  return { trust, clock, monotonicMs, signer, inFlight: new Budget(8 * 1024 * 1024), host: "test-host" };
}

/** The same stores, with a descriptor each, without locks. */
export function mending(...stores: readonly WholeStore[]): readonly MendingShelf[] {
  return stores.map((store) => ({
    store: { ...marked(store), mend: (key, body, options, wait) => store.mend(key, body, options, wait) },
    lock: null,
  }));
}

export async function replicateAll(
  house: House,
  stores: readonly WholeStore[],
  changes: Partial<ReplicationDesk> = {},
): Promise<ReplicateReport> {
  return replicate(
    house.tenant,
    mending(...stores),
    { ...deskOf(house), ...changes },
    () => undefined,
    never,
  );
}

export async function healIn(
  house: House,
  store: StoreName,
  stores: readonly WholeStore[],
  changes: Partial<ReplicationDesk> = {},
): Promise<HealReport> {
  const order = { tenant: house.tenant, store, menders: mending(...stores) };
  return heal(order, { ...deskOf(house), ...changes }, () => undefined, never);
}

/** Of the store of that name, at full speed and with its findings in all of `stores`. */
export async function scrubIn(
  house: House,
  store: StoreName,
  stores: readonly WholeStore[],
  changes: Partial<ScrubDesk> & Partial<Pick<Library, "trust" | "clock">> = {},
): Promise<ScrubReport> {
  const { tenant, library: libraryOf } = house;
  const { trust = house.trust, clock = house.clock, ...desk } = changes;
  const library = { ...libraryOf(stores), trust, clock };
  const reader = library.stores.find(({ name }) => name === store);
  if (reader === undefined) throw new Error(`no store is called ${store}`);
  const order = { tenant, store: reader, library, findingsStores: stores.map(marked) };
  const rate = new ByteRate(() => null);
  return scrub(order, { ...deskOf(house), rate, ...desk }, () => undefined, never);
}

/** The key of one object of each kind that a backup names, and of its record. */
export function oneOfEach(store: MemoryStore, backup: string): Readonly<Record<string, ObjectKey>> {
  const find = (part: string): ObjectKey => {
    const key = store.keys().find((one) => one.includes(part));
    if (key === undefined) throw new Error(`the store holds nothing like ${part}`);
    return key;
  };
  return {
    chunk: find("/chunks/"),
    manifest: find(`${backup}/manifest.age`),
    inventory: find(`${backup}/inventory.zst`),
    record: find(`${backup}/record.jws`),
    "key statement": find("/keys/1.jws"),
    "key identity": find("/keys/1.identity.age"),
    "key id": find("/keys/1.id.age"),
  };
}
