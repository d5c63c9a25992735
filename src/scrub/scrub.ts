/**
 * Reading every object of a tenant in one store and comparing it with what the inventories say, without
 * any key that opens anything: digests are of ciphertext, and signatures are public. What is altered
 * is stated in signed findings, and counts as absent there until healed (trap 23); what is missing
 * every listing shows.
 */
import type { ByteRate } from "../base/byte-rate.ts";
import { standingAt } from "../base/clock.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Signer } from "../keys/signing.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import { rightTime } from "../repository/clocks.ts";
import { writeFindings } from "../repository/findings.ts";
import {
  afterEveryStatement,
  damagedKeys,
  joinStatements,
  readStatements,
  type Statements,
} from "../repository/known-damage.ts";
import { askEach, type Library, type StoreDown, storeFailure } from "../repository/library.ts";
import { movedAway } from "../repository/same-place.ts";
import { askStoreId, type StoreId } from "../repository/store-id.ts";
import { refuseErased } from "../repository/tombstone.ts";
import { meteredRead } from "../stores/metered.ts";
import type { ObjectReader, Store } from "../stores/store.ts";
import { examineAll } from "./examine-all.ts";
import type { ScrubReport } from "./report.ts";
import { ScrubLedger } from "./scrub-ledger.ts";

export interface ScrubDesk {
  /** Bytes read from the store that is scrubbed. */
  readonly rate: ByteRate;
  readonly monotonicMs: () => number;
  /** Null on a host that signs nothing: findings are then reported and stated nowhere. */
  readonly signer: Signer | null;
  readonly host: string;
}

export interface ScrubOrder {
  readonly tenant: TenantId;
  readonly store: ObjectReader;
  /** Of all stores of the tenant: an inventory that is damaged here is read elsewhere. */
  readonly library: Library;
  /** Where findings go: all stores of the tenant. */
  readonly findingsStores: readonly Store[];
}

/** Told the bytes of each object that was read. */
export type ScrubWatch = (bytes: number) => void;

const keysShownMax = 1000;

/**
 * "policy/refused" for an erased tenant; "store/clock" where the store's clock and ours are too far apart: records of now
 * would lie in our future and be left out, and what we state would hold for ever or not at all. When the store fails on
 * the way, what was found by then is stated and the failure thrown.
 */
export async function scrub(
  order: ScrubOrder,
  desk: ScrubDesk,
  watch: ScrubWatch,
  wait: Waiting,
): Promise<ScrubReport> {
  const startedMs = desk.monotonicMs();
  const { tenant } = order;
  const begunAt = await rightTime([order.store], () => order.library.clock.now(), wait);
  // One that is set back meanwhile would pass over records, whose objects would then not be looked at.
  const library = { ...order.library, clock: standingAt(begunAt) };
  const { identity, statements, down } = await askStores({ ...order, library }, wait);
  const ledger = new ScrubLedger(damagedKeys(statements, order.store.name, identity.storeId), watch);
  for (const { store, failure } of down) ledger.notes.push(`${store} was not asked: ${failure.message}`);
  const paced = pacedReader(order.store, desk.rate);
  let failed: { readonly error: unknown } | null = null;
  try {
    await examineAll({ tenant, store: paced, library }, ledger, wait);
    await dropRemoved(order, ledger, wait);
  } catch (error) {
    failed = { error };
  }
  // Of what lies there now, nothing says anything about the store, nor about what was damaged in it.
  const moved = wait.signal.aborted ? null : await movedAway(order.store, identity.storeId, wait);
  if (moved !== null) throw moved;
  const findingsIn = wait.signal.aborted
    ? []
    : await state(order, desk, { identity, statements, ledger }, wait);
  if (failed !== null) throw failed.error;
  const { damaged, missing, whole, untrusted, bytes, notes } = ledger;
  return {
    tenant,
    store: order.store.name,
    whole,
    damaged: damaged.size,
    missing: missing.size,
    recovered: ledger.recovered().length,
    untrusted,
    unopenable: [...ledger.unopenable].toSorted(),
    bytes,
    seconds: (desk.monotonicMs() - startedMs) / 1000,
    damagedKeys: [...damaged].toSorted().slice(0, keysShownMax),
    missingKeys: [...missing.keys()].toSorted().slice(0, keysShownMax),
    findingsIn,
    notes,
  };
}

interface Asked {
  /** Of the store that is scrubbed. */
  readonly identity: StoreId;
  /** Of all stores that answered. */
  readonly statements: Statements;
  readonly down: readonly StoreDown[];
}

/**
 * What the stores say of the tenant before anything is read. Throws when the store that is scrubbed cannot be asked; one
 * with a tombstone that nobody whom we trust has signed ("keys/signature") is scrubbed all the same: it may be forged.
 */
async function askStores({ tenant, store: scrubbed, library }: ScrubOrder, wait: Waiting): Promise<Asked> {
  const identity = await askStoreId(scrubbed, wait);
  const { answers, down } = await askEach(
    library.stores,
    async (store) => {
      await refuseErased(tenant, store, library, wait);
      const { storeId } = store.name === scrubbed.name ? identity : await askStoreId(store, wait);
      return { storeId, statements: await readStatements(tenant, store, library, wait) };
    },
    wait,
  );
  const own = down.find(({ store }) => store === scrubbed.name);
  if (own !== undefined && own.failure.code !== "keys/signature") throw own.failure;
  const ids = new Map(library.stores.map(({ name }) => [name, answers.get(name)?.storeId ?? null]));
  const statements = joinStatements(
    Array.from(answers.values(), (one) => one.statements),
    ids.set(scrubbed.name, identity.storeId),
  );
  return { identity, statements, down };
}

function pacedReader(store: ObjectReader, rate: ByteRate): ObjectReader {
  return {
    name: store.name,
    stat: (key, wait) => store.stat(key, wait),
    read: meteredRead(store, rate),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
    versions: (key, wait) => store.versions(key, wait),
    clock: (wait) => store.clock(wait),
  };
}

/**
 * A prune takes the record away first, and what it named a day later at the soonest: what is missing of a
 * backup that is gone by now is missing rightly. A list alone explains nothing, since the backup may
 * have been kept after all.
 */
async function dropRemoved({ tenant, store }: ScrubOrder, ledger: ScrubLedger, wait: Waiting): Promise<void> {
  if (ledger.missing.size === 0) return;
  const gone = new Set<string>();
  for (const backup of new Set(ledger.missing.values()))
    if ((await store.stat(recordKey(tenant, backup), wait)) === null) gone.add(backup);
  for (const [key, backup] of ledger.missing) if (gone.has(backup)) ledger.missing.delete(key);
}

interface Findings {
  readonly identity: StoreId;
  readonly statements: Statements;
  readonly ledger: ScrubLedger;
}

/** Only what is news: damage that was known is still known. */
async function state(
  { tenant, store, library, findingsStores }: ScrubOrder,
  { signer, host }: ScrubDesk,
  { identity: { storeId, unusable }, statements, ledger }: Findings,
  wait: Waiting,
): Promise<readonly StoreName[]> {
  const known = damagedKeys(statements, store.name, storeId);
  const damaged: readonly ObjectKey[] = [...ledger.damaged].filter((key) => !known.has(key)).toSorted();
  const healed = ledger.recovered();
  if (damaged.length + healed.length === 0) return [];
  if (storeId === null) {
    ledger.notes.push(`findings are not stated: they cannot be bound to ${store.name}: ${unusable}`);
    return [];
  }
  if (signer === null) {
    ledger.notes.push("findings are not stated: this host signs nothing");
    return [];
  }
  try {
    // Again, since one that was set meanwhile would date what we found.
    const now = await rightTime([store], () => library.clock.now(), wait, findingsStores);
    const at = afterEveryStatement(statements, store.name, now);
    const order = { tenant, store: store.name, storeId, host, at, damaged, healed, stores: findingsStores };
    const { stores, down } = await writeFindings(order, { signer, trust: library.trust }, wait);
    for (const one of down)
      ledger.notes.push(`findings are not stated in ${one.store}: ${one.failure.message}`);
    return stores;
  } catch (error) {
    const failure = isFailure(error, "keys/role") ? error : storeFailure(error, wait);
    ledger.notes.push(`findings are not stated: ${failure.message}`);
    return [];
  }
}
