/**
 * The first half of every prune, and all of `retention explain`: what the stores hold of a tenant, what
 * the keep rule says of each backup, and what speaks against removing anything at all.
 */
import { noLater } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import type { HoldStatement } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName } from "../model/ids.ts";
import { keep, type Keeping, type KeepTerms } from "../model/keep.ts";
import { recordKey } from "../model/layout.ts";
import { holdsInForce, holdsUpon } from "../repository/holds.ts";
import { samePlace, samePlaces } from "../repository/identify-stores.ts";
import { askEach, type StoreDown } from "../repository/library.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { tenantStates } from "../repository/states.ts";
import type { ObjectReader } from "../stores/store.ts";
import { type RemovedAgainstPlan, removedAgainstPlan } from "./against-plan.ts";
import { condemnedRecords, type Holding, lookInto } from "./holding.ts";
import { lostRecords } from "./lost-records.ts";
import { missingRecords } from "./missing-records.ts";
import type { RetentionDesk, RetentionOrder } from "./order.ts";
import { type Stop, storeDown } from "./stop.ts";

export interface Judgement<S extends ObjectReader = ObjectReader> {
  readonly isErased: boolean;
  readonly stops: readonly Stop[];
  /** Newest first. */
  readonly backups: readonly JudgedBackup[];
  readonly holds: readonly HoldStatement[];
  /** Stores that hold something of the tenant or are to, by which they take part in every removal. */
  readonly involved: readonly S[];
  readonly againstPlan: readonly RemovedAgainstPlan[];
  /** Of every store that answered. */
  readonly holdings: ReadonlyMap<StoreName, Holding>;
}

export interface JudgedBackup {
  readonly entry: BackupEntry;
  readonly keeping: Keeping;
}

/** A store that cannot be asked is a stop, not a failure: what it holds is unknown. */
export async function judgeTenant<S extends ObjectReader>(
  order: RetentionOrder<S>,
  desk: RetentionDesk,
  wait: Waiting,
): Promise<Judgement<S>> {
  const { tenant, stores } = order;
  // Stores are asked for their time once, and the clock may be set before or after: what goes by it goes by the earliest.
  const cautious = { ...desk, clock: noLater(desk.clock) };
  const { answers, down } = await askEach(
    stores,
    (store) => lookInto(tenant, store, { desk: cautious, clock: desk.clock }, wait),
    wait,
  );
  const holdings = [...answers.values()];
  const holds = holdsInForce(holdings.map((one) => one.holds));
  const involved = stores.filter(({ name }) => order.own.has(name) || answers.get(name)?.isHolding === true);
  const common = { holds, involved, holdings: answers };
  if (holdings.some(({ isErased }) => isErased)) {
    return { ...common, isErased: true, stops: [], backups: [], againstPlan: [] };
  }
  const stops = [...stopsOfStores(order, answers, down)];
  if (answers.size === 0) return { ...common, isErased: false, stops, backups: [], againstPlan: [] };
  const states = await tenantStates(
    tenant,
    { ...cautious, stores: stores.filter(({ name }) => answers.has(name)) },
    wait,
    new Map([...answers].map(([store, { records }]) => [store, records])),
  );
  stops.push(...states.down.map(downStop));
  for (const { backup, missing, reason } of states.gaps) {
    stops.push({
      reason: "record-gap",
      store: null,
      detail: `${backup} follows ${missing}, which is ${reason}`,
    });
  }
  const terms = { ...order.terms, now: cautious.clock.now() };
  const backups = judgeEach(states.backups, order, holds, terms);
  const kept = backups.filter(({ keeping }) => keeping.keptBy.length > 0).map(({ entry }) => entry.backup);
  stops.push(...(await missingRecords(order, answers, new Set(kept), wait)));
  stops.push(...(await lostRecords(order, { holdings: answers, holds }, desk, wait)));
  stops.push(...shareStop(order, backups, condemnedRecords(holdings)));
  const againstPlan = removedAgainstPlan(states.backups, answers, terms);
  return { ...common, isErased: false, stops, backups, againstPlan };
}

function judgeEach(
  entries: readonly BackupEntry[],
  order: RetentionOrder,
  holds: readonly HoldStatement[],
  terms: KeepTerms,
): readonly JudgedBackup[] {
  const keepable = entries.map((state) => ({
    state,
    holds: holdsUpon(holds, state.backup),
    lockedUntil: lockedUntil(state, order),
  }));
  const keepings = new Map(keep(keepable, terms).map((one) => [one.backup, one]));
  return entries.flatMap((entry) => {
    const keeping = keepings.get(entry.backup);
    return keeping === undefined ? [] : [{ entry, keeping }];
  });
}

/** Backups that no rule keeps. */
export function goingOf(backups: readonly JudgedBackup[]): readonly JudgedBackup[] {
  return backups.filter(({ keeping }) => keeping.keptBy.length === 0);
}

/** Of a lock that its stores gave the backup when it began. */
function lockedUntil({ record }: BackupEntry, { lockMs }: RetentionOrder): Date | null {
  const longest = Math.max(0, ...lockMs.values());
  return record === null || longest === 0 ? null : new Date(Date.parse(record.startedAt) + longest);
}

function stopsOfStores(
  order: RetentionOrder,
  holdings: ReadonlyMap<StoreName, Holding>,
  down: readonly StoreDown[],
): readonly Stop[] {
  const stops: Stop[] = down.map(downStop);
  const ids = new Map(
    holdings
      .entries()
      .flatMap(([store, { storeId }]) => (storeId === null ? [] : [[store, storeId] as const])),
  );
  // One place would be asked twice whether all stores agree, and every removal counted twice.
  for (const { name, other } of samePlaces(ids, holdings.keys()))
    stops.push({ reason: "store-doubtful", store: name, detail: samePlace(name, other).message });
  for (const [store, { storeId, condemned, holds }] of holdings) {
    if (storeId === null && order.own.has(store)) {
      const detail = "it holds no holdfast.json; is its volume mounted?";
      stops.push({ reason: "store-doubtful", store, detail });
    }
    for (const { key, reason } of condemned.unreadable) {
      stops.push({ reason: "list-unreadable", store, detail: `${key}: ${reason}` });
    }
    for (const { key, reason } of holds.unreadable) {
      stops.push({ reason: "hold-unreadable", store, detail: `${key}: ${reason}` });
    }
  }
  return stops;
}

function downStop(down: StoreDown): Stop {
  const stop = storeDown(down);
  return down.failure.code === "keys/signature" ? { ...stop, reason: "store-doubtful" } : stop;
}

/** One may always go, else a small tenant could never lose any; a plan that says 0 means none. */
function shareStop(
  { tenant, shareMax }: RetentionOrder,
  backups: readonly JudgedBackup[],
  leaving: ReadonlySet<ObjectKey>,
): readonly Stop[] {
  const isNew = (backup: BackupId): boolean => !leaving.has(recordKey(tenant, backup));
  const all = backups.filter(({ entry }) => isNew(entry.backup)).length;
  const going = goingOf(backups).filter(({ entry }) => isNew(entry.backup)).length;
  const allowed = shareMax === 0 ? 0 : Math.max(1, Math.floor(all * shareMax));
  if (going <= allowed) return [];
  const detail = `${String(going)} of ${String(all)} backups would go, and at most ${String(allowed)} may at once`;
  return [{ reason: "share", store: null, detail }];
}
