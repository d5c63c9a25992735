/**
 * Removal, in two steps and without a lock between hosts (design, section 6; traps 26, 27):
 *
 * 1. Backups that no rule keeps are condemned by the keys of their records, in every store, and then
 *    their records go: from then on nothing that counts names their objects.
 * 2. Objects that no record of any store names, and that are older than any backup may be long, are
 *    condemned by exact key in every store. After the grace time, records read once more, those that
 *    still nothing names go.
 *
 * Each step is safe to break off and to do twice, and two hosts may prune at once. Whatever is in doubt
 * stops the tenant before anything is touched.
 */
import type { Waiting } from "../base/waiting.ts";
import { demandTrusted } from "../keys/demand-trusted.ts";
import type { ObjectKey } from "../model/ids.ts";
import { condemnedKey, condemnedRecordsKey, recordKey } from "../model/layout.ts";
import { holdsInForce, holdsUpon, readHolds } from "../repository/holds.ts";
import { askEach } from "../repository/library.ts";
import { readNewRecords } from "../repository/records.ts";
import type { WholeStore } from "../stores/store.ts";
import { CondemnedKeys, isAged } from "./condemned-here.ts";
import { findGarbage, type Garbage } from "./find-garbage.ts";
import type { Holding } from "./holding.ts";
import { goingOf, type JudgedBackup, type Judgement, judgeTenant } from "./judge-tenant.ts";
import type { PruneDesk, PruneOrder } from "./order.ts";
import { pastProofs } from "./past-proofs.ts";
import { References } from "./references.ts";
import { removeEach, type Removed } from "./remove-each.ts";
import { removeWhole } from "./remove-whole.ts";
import type { PruneReport, RemovedBackup, Tally } from "./report.ts";
import { reprieve } from "./reprieve.ts";
import { type Stop, storeDown } from "./stop.ts";
import { tidyLists } from "./tidy-lists.ts";
import { takeBack, writeLists } from "./write-lists.ts";

/** A tenant that was judged, and of which nothing stops the removal. */
interface Pruning {
  readonly order: PruneOrder;
  readonly judgement: Judgement<WholeStore>;
  readonly desk: PruneDesk;
}

/**
 * One tenant. With `isDry` nothing at all is written, and the report says what would be.
 * "keys/role" when this host is not trusted for removals.
 */
export async function prune(
  order: PruneOrder,
  desk: PruneDesk,
  { isDry }: { readonly isDry: boolean },
  wait: Waiting,
): Promise<PruneReport> {
  await demandTrusted(desk, "removal", desk.clock.now());
  const lookedAt = desk.clock.now();
  const judgement = await judgeTenant(order, desk, wait);
  const { isErased, stops } = judgement;
  if (isErased) return { ...nothing(order, judgement), state: "erased" };
  if (!isDry) await reprieve(order, judgement, desk, wait);
  if (stops.length > 0) return stopped(order, judgement, stops);

  const pruning: Pruning = { order, judgement, desk };
  const references = new References(order.tenant, order.stores);
  const going = removable(judgement);
  const leaving = new Set(going.map(({ entry }) => entry.backup));
  const records = [...judgement.holdings.values()].flatMap((one) => one.records);
  const doubts = await references.add(
    records.filter(({ backup }) => !leaving.has(backup)),
    wait,
  );
  if (doubts.length > 0) return stopped(order, judgement, doubts);

  const withdrawn = isDry
    ? { removed: going.map(removedBackup), locked: [], stops: [] }
    : await withdraw(going, pruning, wait);
  const later = isDry ? [] : await addLater(references, pruning, wait);
  const base = {
    ...nothing(order, judgement),
    removed: withdrawn.removed,
    lockedBackups: withdrawn.locked,
  };
  const left = [...withdrawn.stops, ...later];
  if (later.length > 0 || !withdrawn.stops.every(isRefusedList)) {
    return { ...base, state: "stopped", stops: left };
  }

  const garbage = await unreferenced(references, pruning, lookedAt, wait);
  const counts = { waiting: garbage.waiting, spared: garbage.spared, isCut: garbage.isCut };
  if (isDry) {
    const { toCondemn, toRemove, locked } = garbage;
    return { ...base, ...counts, condemned: tally(toCondemn), freed: tally(toRemove), locked };
  }
  const swept = await sweep(garbage, pruning, wait);
  const all = [...left, ...swept.stops];
  return { ...base, ...counts, ...swept, stops: all, state: all.length > 0 ? "stopped" : "pruned" };
}

/**
 * A store that took no list lost no record for it, which names its objects still. What was condemned long ago goes all
 * the same: a full store gets no other room, and would refuse that list for ever.
 */
function isRefusedList({ reason, store }: Stop): boolean {
  return reason === "list-unwritten" && store !== null;
}

/** What no record names, by lists that were read after `lookedAt`. */
async function unreferenced(
  references: References,
  { order: { tenant, lockMs }, judgement: { involved: stores, holdings }, desk }: Pruning,
  lookedAt: Date,
  wait: Waiting,
): Promise<Garbage> {
  const storeNow = new Map([...holdings].map(([store, one]) => [store, one.storeNow]));
  const listed = stores.flatMap(({ name }) => {
    const holding = holdings.get(name);
    return holding === undefined ? [] : [{ storeNow: holding.storeNow, lists: holding.condemned.lists }];
  });
  const condemned = new CondemnedKeys(listed, lookedAt);
  const past = await pastProofs({ tenant, stores }, (one) => references.hasRecord(one), desk, wait);
  return findGarbage(
    { tenant, stores, storeNow, lockMs, references, condemned, isPastProof: (key) => past.has(key) },
    wait,
  );
}

/** Those of which every store shows the same record, which we believe: nothing suspect is removed. */
function removable({ backups, holdings }: Judgement): readonly JudgedBackup[] {
  const records = [...holdings.values()].flatMap((one) => one.records);
  return goingOf(backups).filter(({ entry }) => {
    const shown = records.filter(({ backup }) => backup === entry.backup);
    const bytes = new Set(shown.map(({ sha256 }) => sha256));
    return bytes.size === 1 && shown.every(({ standing }) => standing === "good");
  });
}

interface Withdrawn {
  readonly removed: readonly RemovedBackup[];
  readonly locked: readonly RemovedBackup["backup"][];
  readonly stops: readonly Stop[];
}

/**
 * The first step: the list that explains the gap, then the records. Nothing is removed unless every store
 * has the list. Holds are read before it, since a record that was condemned counts as dead, and after
 * it, since whoever lays one relies on it; a list that nothing follows from is taken back.
 */
async function withdraw(
  going: readonly JudgedBackup[],
  { order, judgement, desk }: Pruning,
  wait: Waiting,
): Promise<Withdrawn> {
  const { tenant } = order;
  const { involved, holdings } = judgement;
  const keyOf = ({ entry }: JudgedBackup): ObjectKey => recordKey(tenant, entry.backup);
  const held = await heldNow(going, order, desk, wait);
  if (held.length > 0) return { removed: [], locked: [], stops: held };
  const named = involved.map(({ name }) => longNamed(holdings.get(name), desk.clock.now()));
  const keys = going.map(keyOf).filter((key) => !named.every((keysHere) => keysHere.has(key)));
  const written = await writeLists(
    { tenant, stores: involved, keys, keyAt: condemnedRecordsKey },
    desk,
    wait,
  );
  const late = written.stops.length > 0 ? written.stops : await heldNow(going, order, desk, wait);
  if (late.length > 0) {
    await takeBack(written.lists, involved, wait);
    return { removed: [], locked: [], stops: late };
  }
  const removed: RemovedBackup[] = [];
  const locked: RemovedBackup["backup"][] = [];
  for (const one of going) {
    const { answers, down } = await askEach(involved, (store) => removeWhole(store, keyOf(one), wait), wait);
    const [first] = down;
    if (first !== undefined) return { removed, locked, stops: [storeDown(first)] };
    if ([...answers.values()].every((isGone) => isGone)) removed.push(removedBackup(one));
    else locked.push(one.entry.backup);
  }
  return { removed, locked, stops: [] };
}

/** By lists that no prune will take back any more, so that ours need not name them again. */
function longNamed(holding: Holding | undefined, now: Date): ReadonlySet<ObjectKey> {
  if (holding === undefined) return new Set();
  const { storeNow, condemned } = holding;
  const aged = condemned.lists.filter((one) => isAged(one, { storeNow, now }));
  return new Set(aged.flatMap(({ records }) => records));
}

/** A hold may have been laid while we looked and wrote. */
async function heldNow(
  going: readonly JudgedBackup[],
  { tenant, stores }: PruneOrder,
  desk: PruneDesk,
  wait: Waiting,
): Promise<readonly Stop[]> {
  if (going.length === 0) return [];
  const { answers, down } = await askEach(stores, (store) => readHolds(tenant, store, desk, wait), wait);
  const stops = down.map(storeDown);
  for (const [store, { unreadable }] of answers) {
    for (const { key, reason } of unreadable) {
      stops.push({ reason: "hold-unreadable", store, detail: `${key}: ${reason}` });
    }
  }
  const holds = holdsInForce(answers.values());
  const held = going.filter(({ entry }) => holdsUpon(holds, entry.backup).length > 0);
  for (const { entry } of held) {
    stops.push({
      reason: "held-meanwhile",
      store: null,
      detail: `${entry.backup} was to go and is held now`,
    });
  }
  return stops;
}

/** Records as they are now: a backup may have ended since, and one that could not be removed names its objects still. */
async function addLater(
  references: References,
  { order, judgement, desk }: Pruning,
  wait: Waiting,
): Promise<readonly Stop[]> {
  const { tenant, stores } = order;
  const { answers, down } = await askEach(
    stores,
    (store) =>
      readNewRecords({ tenant, seen: judgement.holdings.get(store.name)?.records ?? [] }, store, desk, wait),
    wait,
  );
  const doubts = await references.add([...answers.values()].flat(), wait);
  return [...down.map(storeDown), ...doubts];
}

/** The second step: what is ready goes, and what is found now is condemned. */
async function sweep(
  garbage: Garbage,
  { order: { tenant }, judgement, desk }: Pruning,
  wait: Waiting,
): Promise<Pick<PruneReport, "freed" | "locked" | "condemned" | "stops">> {
  const { involved: stores, holdings } = judgement;
  const removed: Removed = await removeEach(garbage.toRemove, stores, wait);
  const keys = keysOf(garbage.toCondemn);
  const { stops: unwritten } = await writeLists({ tenant, stores, keys, keyAt: condemnedKey }, desk, wait);
  await tidyLists({ tenant, stores, holdings, condemned: garbage.listed, now: desk.clock.now() }, wait);
  return {
    freed: removed.freed,
    locked: {
      objects: garbage.locked.objects + removed.locked.objects,
      bytes: garbage.locked.bytes + removed.locked.bytes,
    },
    condemned: unwritten.length > 0 ? none : tally(garbage.toCondemn),
    stops: [...removed.stops, ...unwritten],
  };
}

function removedBackup({ entry, keeping }: JudgedBackup): RemovedBackup {
  return { backup: entry.backup, at: entry.at, reason: keeping.removal?.reason ?? "outlived" };
}

const none: Tally = { objects: 0, bytes: 0 };

function* keysOf(lying: Garbage["toCondemn"]): Generator<ObjectKey> {
  for (const { key } of lying) yield key;
}

function tally(lying: Garbage["toRemove"]): Tally {
  let objects = 0;
  let bytes = 0;
  for (const one of lying) {
    objects += one.stores.length;
    bytes += one.bytes * one.stores.length;
  }
  return { objects, bytes };
}

function nothing({ tenant }: PruneOrder, { backups, againstPlan }: Judgement): PruneReport {
  return {
    tenant,
    state: "pruned",
    stops: [],
    backups: backups.length,
    removed: [],
    lockedBackups: [],
    againstPlan,
    condemned: none,
    freed: none,
    locked: none,
    waiting: 0,
    spared: 0,
    isCut: false,
  };
}

function stopped(order: PruneOrder, judgement: Judgement, stops: readonly Stop[]): PruneReport {
  return { ...nothing(order, judgement), state: "stopped", stops };
}
