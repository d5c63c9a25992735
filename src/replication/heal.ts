/**
 * Making one store whole again: what is damaged or missing there is fetched from wherever the right bytes
 * still lie, mended, read back, and stated to be healed. What was said to be damaged is looked at before
 * it is touched, so that a false finding costs one read. No key that reads is needed: objects are
 * known by their digests, signed documents by their signatures.
 */
import { type Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { recordKey, tenantPrefix } from "../model/layout.ts";
import { badStatements } from "../repository/bad-statements.ts";
import { distinct } from "../repository/chain.ts";
import { rightTime } from "../repository/clocks.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { fetchDocument } from "../repository/fetch-document.ts";
import { writeFindings } from "../repository/findings.ts";
import { afterEveryStatement, damagedKeys } from "../repository/known-damage.ts";
import { storeFailure } from "../repository/library.ts";
import { ListedSizes } from "../repository/listed-sizes.ts";
import { newestProof } from "../repository/proofs.ts";
import { type GoodRecord, isGood, type StoredRecord } from "../repository/records.ts";
import { demandSamePlace } from "../repository/same-place.ts";
import { type CopyEnd, copyOne } from "./copy-backups.ts";
import {
  type Delivery,
  demandLive,
  type Ground,
  type MendingShelf,
  openGround,
  type ReplicationDesk,
  sourcesFor,
} from "./ground.ts";
import { HealLedger } from "./heal-ledger.ts";
import type { HealReport, Unhealed } from "./heal-report.ts";
import { healObjects } from "./heal-objects.ts";
import { placeObject } from "./place-object.ts";
import { giveStatement } from "./statements.ts";

export interface HealOrder {
  readonly tenant: TenantId;
  /** One of `menders`. */
  readonly store: StoreName;
  readonly menders: readonly MendingShelf[];
}

/** Told the bytes of each object that was healed. */
export type HealWatch = (bytes: number) => void;

/** One store in the middle of being made whole. */
interface Healing extends Delivery {
  /** What is known to be damaged there. */
  readonly known: ReadonlySet<ObjectKey>;
  readonly listing: ListedSizes;
  readonly ledger: HealLedger;
}

/** "policy/refused" for an erased tenant; the failure of the store that is to be healed when it cannot be asked. */
export async function heal(
  { tenant, store, menders }: HealOrder,
  desk: ReplicationDesk,
  watch: HealWatch,
  wait: Waiting,
): Promise<HealReport> {
  const ground = await openGround(tenant, menders, desk, wait);
  demandLive(ground, store);
  const to = shelfOf(ground, store);
  const known = damagedKeys(ground.statements, store, ground.storeIds.get(store) ?? null);
  const ledger = new HealLedger(known, watch);
  for (const { key, store: where, reason } of ground.condemned.unreadable)
    ledger.note(`${key} in ${where} is not trusted (${reason}); records are not brought back meanwhile`);
  const listing = new ListedSizes();
  for await (const { key, bytes } of to.store.list(tenantPrefix(tenant), wait)) listing.set(key, bytes);
  const healing: Healing = { ground, to, known, listing, ledger };
  const all = distinct([...ground.seen.values()].flat().filter(isGood));
  const shown = new Map((ground.seen.get(store) ?? []).map((one) => [one.backup, one]));
  const whole: GoodRecord[] = [];
  for (const record of all) {
    const here = shown.get(record.backup);
    // One that was condemned may have been kept after all; where its record is, what it names stays.
    if (here === undefined) continue;
    if (here.sha256 === record.sha256) {
      await healBackup(healing, record, wait);
      whole.push(record);
    } else if (here.standing === "suspect" && here.reason !== "future" && here.reason !== "format") {
      if (await healRecord(healing, record, whole, wait)) whole.push(record);
    }
  }
  for (const one of shown.values()) tellLostRecord(one, all, tenant, ledger);
  await healStatements(healing, wait);
  await demandSamePlace(to.store, ground.storeIds.get(store) ?? null, wait);
  const findingsIn = await stateHealed(healing, wait);
  const down = [...ground.shelves.failures].map(([name, failure]) => ({ store: name, failure }));
  return { tenant, store, ...ledger.sums(), findingsIn, down };
}

function shelfOf({ menders }: Ground, store: StoreName): MendingShelf {
  const found = menders.find((one) => one.store.name === store);
  if (found === undefined) throw new TypeError(`${store} is none of the stores that were given`);
  return found;
}

async function healBackup(healing: Healing, record: GoodRecord, wait: Waiting): Promise<void> {
  const { ground, to, known, listing, ledger } = healing;
  await healRecordBytes(healing, record, wait);
  const refuted = isRefuted(ground, to.store.name, record);
  const isDoubtful = ({ key, bytes }: InventoryLine): boolean =>
    refuted || known.has(key) || listing.get(key) !== bytes;
  await healObjects({ ground, to, record: record.record, isDoubtful }, ledger, wait);
}

/** The signed bytes may lie under others in a store that keeps versions; who reads finds them, and who lists does not. */
async function healRecordBytes(
  healing: Healing,
  { backup, sha256 }: GoodRecord,
  wait: Waiting,
): Promise<void> {
  const { ground, to, known, ledger } = healing;
  const key = recordKey(ground.tenant, backup);
  if (!known.has(key)) return;
  const body = await fetchDocument(sourcesFor(healing), { key, sha256 }, wait);
  const object = body === null ? null : { key, body, bytes: body.length, sha256 };
  if (object !== null && Buffer.isBuffer(await fetchCurrent(to.store, object, wait)))
    ledger.findWhole(object);
  else if (object === null) ledger.lose({ key, reason: "its bytes went away meanwhile", mayReturn: true });
  else {
    await placeObject(to, object, ground.desk.clock.now(), wait);
    ledger.heal(object, object.bytes);
  }
}

/** A proof may refute a copy without naming an object; then each of them is looked at. */
function isRefuted({ statements, storeIds }: Ground, store: StoreName, record: GoodRecord): boolean {
  const storeId = storeIds.get(store) ?? "";
  const of = { backup: record.backup, store, storeId, record: record.sha256 };
  return newestProof(statements.proofs, of)?.verdict === "refuted";
}

/** A record that is not believed here and is elsewhere stands for a copy that is missing: it is brought as one. */
async function healRecord(
  { ground, to, ledger }: Healing,
  record: GoodRecord,
  whole: readonly GoodRecord[],
  wait: Waiting,
): Promise<boolean> {
  const key = recordKey(ground.tenant, record.backup);
  if (ground.condemned.unreadable.length > 0) {
    ledger.lose({ key, reason: "a condemned list cannot be read", mayReturn: true });
    return false;
  }
  try {
    const end = await copyOne({ ground, to, whole, isShown: true }, record, wait);
    if (end.kind === "copied") {
      for (const line of end.brought) ledger.heal(line, line.bytes);
      for (const line of end.lines) ledger.findWhole(line);
      ledger.heal({ key, sha256: record.sha256 }, 0);
      ledger.touch(record.backup);
      return true;
    }
    ledger.lose(lossOf(key, end));
  } catch (error) {
    const failure = storeFailure(error, wait);
    ledger.lose({ key, reason: failure.message, mayReturn: true });
  }
  return false;
}

function lossOf(key: ObjectKey, end: Exclude<CopyEnd, { readonly kind: "copied" }>): Unhealed {
  switch (end.kind) {
    case "lost":
      return end.lost;
    case "condemned":
      return { key, reason: `${end.key} is condemned`, mayReturn: false };
    case "failed":
      return { key, reason: end.failure.message, mayReturn: true };
  }
}

/** A record that is not believed here and that no store shows whole. */
function tellLostRecord(
  one: StoredRecord,
  all: readonly GoodRecord[],
  tenant: TenantId,
  ledger: HealLedger,
): void {
  if (one.standing === "good" || one.reason === "future" || one.reason === "format") return;
  if (all.some(({ backup }) => backup === one.backup)) return;
  const key = recordKey(tenant, one.backup);
  if (one.reason === "signer") {
    ledger.note(`signer not trusted: ${key}: ${one.detail}`);
    return;
  }
  ledger.lose({
    key,
    reason: `no store shows it signed: ${one.detail}`,
    mayReturn: false,
  });
}

async function healStatements(healing: Healing, wait: Waiting): Promise<void> {
  const { ground, to, ledger } = healing;
  const { bad, untrusted } = await badStatements(ground.tenant, to.store, ground.desk.trust, wait);
  const isBad = new Set(bad);
  for (const key of [...bad, ...untrusted]) {
    try {
      if (await giveStatement(healing, key, wait)) ledger.heal({ key, sha256: "" }, 0);
      else if (isBad.has(key))
        ledger.lose({ key, reason: "no store shows it signed by anyone we trust", mayReturn: false });
    } catch (error) {
      ledger.lose({ key, reason: storeFailure(error, wait).message, mayReturn: true });
    }
  }
}

/** Only altered objects were counted as absent; of those that were missing every listing tells. */
async function stateHealed({ ground, to, ledger }: Healing, wait: Waiting): Promise<readonly StoreName[]> {
  const { tenant, desk, shelves, statements } = ground;
  const store = to.store.name;
  const storeId = ground.storeIds.get(store) ?? null;
  const healed = ledger.statable();
  if (healed.length === 0) return [];
  if (desk.signer === null || storeId === null) {
    ledger.note(
      "this host signs nothing, so what it healed still counts as damaged until a scrub or proof says otherwise",
    );
    return [];
  }
  try {
    // Again, since one that was set meanwhile would date what is said to be whole.
    const stores = shelves.live.map((one) => one.store);
    const now = await rightTime([to.store], () => desk.clock.now(), wait, stores);
    const at = afterEveryStatement(statements, store, now);
    const order = { tenant, store, storeId, host: desk.host, at, damaged: [], healed, stores };
    return (await writeFindings(order, { signer: desk.signer, trust: desk.trust }, wait)).stores;
  } catch (error) {
    ledger.note(`that they are healed could not be stated: ${statementFailure(error, wait).message}`);
    return [];
  }
}

/** What is wrong with our own signature is told as what is wrong with a store. */
function statementFailure(error: unknown, wait: Waiting): Failure {
  return isFailure(error, "keys/role") ? error : storeFailure(error, wait);
}
