/** A thorough look at one tenant: records, proofs, signatures, and which copies are whole in which store. */
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import { isFailure } from "../base/failure.ts";
import type { Gap } from "../repository/chain.ts";
import type { Standing } from "../repository/health.ts";
import { askEach, type Library, type StoreDown } from "../repository/library.ts";
import { readProofs } from "../repository/proofs.ts";
import { type GoodRecord, isGood, readRecords, type StoredRecord } from "../repository/records.ts";
import { tenantStates } from "../repository/states.ts";
import { refuseErased } from "../repository/tombstone.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import { examineDocuments, kindOf } from "./examine-documents.ts";
import { aroundChunks } from "./glance.ts";
import { joined, type Observation } from "./observation.ts";

/** What is remembered of a tenant: nothing in it depends on its plan. */
export interface TenantLook {
  readonly tenant: TenantId;
  /** Stores that could be asked for all of it, and those that could not. */
  readonly asked: readonly StoreName[];
  readonly down: readonly StoreDown[];
  readonly erased: boolean;
  readonly backups: readonly Standing[];
  readonly gaps: readonly Gap[];
  readonly observations: readonly Observation[];
  /** One thing that is amiss with copies in a store, in words. */
  readonly troubles: ReadonlyMap<StoreName, string>;
  /** When the newest believed record of each store was finished. */
  readonly newestIn: ReadonlyMap<StoreName, Date>;
  /** The believed record with the highest number. */
  readonly highest: { readonly counter: number; readonly backup: string } | null;
  /** The id that the newest proof of a copy gives to each store. */
  readonly boundIds: ReadonlyMap<StoreName, BoundId>;
}

export interface BoundId {
  readonly storeId: string;
  readonly at: Date;
}

interface Shown {
  readonly records: readonly StoredRecord[];
  readonly boundIds: ReadonlyMap<StoreName, BoundId>;
  readonly erased: boolean;
  readonly observations: readonly Observation[];
}

/** "store/quorum" when none of the stores could be asked. */
export async function lookAt(tenant: TenantId, library: Library, wait: Waiting): Promise<TenantLook> {
  const { answers, down } = await askEach(
    library.stores,
    (store) => shownBy(tenant, store, library, wait),
    wait,
  );
  const states = await tenantStates(tenant, library, wait);
  const silent = new Map([...down, ...states.down].map((one) => [one.store, one]));
  const shown = [...answers.values()];
  const good = shown.flatMap(({ records }) => records.filter(isGood));
  const troubles = new Map(states.notes.map(({ store, note }) => [store, note]));
  return {
    tenant,
    asked: library.stores.map(({ name }) => name).filter((name) => !silent.has(name)),
    down: [...silent.values()],
    erased: shown.some(({ erased }) => erased),
    backups: states.backups.map(({ record, ...rest }) => ({
      ...rest,
      record: record === null ? null : { finishedAt: record.finishedAt, counter: record.counter },
    })),
    gaps: states.gaps,
    observations: joined([...shown.flatMap(({ observations }) => observations), ...differing(tenant, good)]),
    troubles,
    newestIn: newestIn(good),
    highest: good.reduce<TenantLook["highest"]>(
      (found, { backup, record: { counter } }) =>
        found === null || counter > found.counter ? { counter, backup } : found,
      null,
    ),
    boundIds: newestIds(shown.map(({ boundIds }) => boundIds)),
  };
}

async function shownBy(
  tenant: TenantId,
  store: ObjectReader,
  library: Library,
  wait: Waiting,
): Promise<Shown> {
  const documents = new Map<ObjectKey, ObjectStat>();
  for (const { prefix, after } of aroundChunks(tenant)) {
    for await (const stat of store.list(prefix, wait, after))
      if (stat.key.endsWith(".jws")) documents.set(stat.key, stat);
  }
  const records = await readRecords(tenant, store, library, wait);
  const proofs = await readProofs(tenant, store, library, wait);
  return {
    records,
    boundIds: newestIds(
      proofs.map(({ store: of, storeId, at }) => new Map([[of, { storeId, at: new Date(at) }]])),
    ),
    erased: await isErased(tenant, store, library, wait),
    observations: [
      ...records.flatMap((one) => suspicion(tenant, one)),
      ...(await examineDocuments({ tenant, keys: documents.keys() }, store, library, wait)),
      ...clockDoubt(tenant, records, documents, library.clock.now()),
    ],
  };
}

function suspicion(tenant: TenantId, one: StoredRecord): readonly Observation[] {
  if (one.standing === "good") return [];
  const kind = one.reason === "future" ? "from-future" : kindOf(one.reason, { purpose: "record" });
  return [{ kind, tenant, store: one.store, count: 1, detail: `record of ${one.backup}: ${one.detail}` }];
}

/** A record is written last, by a host that has just read its clock: no store dates it before that, or after now. */
function clockDoubt(
  tenant: TenantId,
  records: readonly StoredRecord[],
  documents: ReadonlyMap<ObjectKey, ObjectStat>,
  now: Date,
): readonly Observation[] {
  const newest = records.findLast(isGood);
  const writtenAt = newest && documents.get(recordKey(tenant, newest.backup))?.modifiedAt;
  if (newest === undefined || writtenAt === undefined) return [];
  const earlyMs = Date.parse(newest.record.finishedAt) - writtenAt.getTime();
  const lateMs = writtenAt.getTime() - now.getTime();
  const offMs = Math.max(earlyMs, lateMs);
  if (offMs <= clockToleranceMs) return [];
  const where = earlyMs > lateMs ? "before the host that wrote it finished it" : "in the future";
  const detail = `it dates the record of ${newest.backup} ${spell(offMs)} ${where}`;
  return [{ kind: "store-clock", tenant: null, store: newest.store, count: 1, detail }];
}

/** The same backup with other bytes of its record; both signed by somebody we trust. */
function differing(tenant: TenantId, good: readonly GoodRecord[]): readonly Observation[] {
  return Map.groupBy(good, ({ backup }) => backup)
    .values()
    .flatMap(([first, ...others]) => others.filter(({ sha256 }) => sha256 !== first?.sha256))
    .map(({ backup, store }): Observation => {
      const detail = `it shows another record of ${backup} than other stores`;
      return { kind: "stores-differ", tenant, store, count: 1, detail };
    })
    .toArray();
}

function newestIn(good: readonly GoodRecord[]): ReadonlyMap<StoreName, Date> {
  const newest = new Map<StoreName, Date>();
  for (const { store, record } of good) {
    const at = new Date(record.finishedAt);
    if (at > (newest.get(store) ?? new Date(0))) newest.set(store, at);
  }
  return newest;
}

/** Of several ids of one store the one that was last proven. */
export function newestIds(each: Iterable<ReadonlyMap<StoreName, BoundId>>): ReadonlyMap<StoreName, BoundId> {
  const newest = new Map<StoreName, BoundId>();
  for (const ids of each) {
    for (const [store, id] of ids) {
      const before = newest.get(store);
      if (before === undefined || id.at > before.at) newest.set(store, id);
    }
  }
  return newest;
}

async function isErased(
  tenant: TenantId,
  store: ObjectReader,
  library: Library,
  wait: Waiting,
): Promise<boolean> {
  try {
    await refuseErased(tenant, store, library, wait);
    return false;
  } catch (error) {
    if (isFailure(error, "policy/refused")) return true;
    // An untrusted one is told by who examines the documents.
    if (isFailure(error, "keys/signature")) return false;
    throw error;
  }
}
