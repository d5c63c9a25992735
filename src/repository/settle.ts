/**
 * The last look before a record is written (promises 1 and 2, trap 27): in every store that is left,
 * list every key of the inventory; copy what one lacks from another and look again; then read the condemned lists.
 * One listing of all that a store has of the tenant shows both, chunks before condemned lists. Keys of a list that
 * came after that moment are removed no earlier than the grace time later, when the record is there to be seen.
 * The streams are gone by now, so nothing can be sealed anew: an object that no store holds whole,
 * or that was condemned, ends this backup with "backup/overtaken", and the next one does not reuse it.
 */
import { append } from "../base/append.ts";
import type { Clock } from "../base/clock.ts";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { tenantPrefix } from "../model/layout.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import { checkStoredAt } from "./clocks.ts";
import { type Condemned, joinCondemned, listMark, readCondemned } from "./condemned.ts";
import type { RecordsBefore } from "./draft-state.ts";
import { fetchWhole } from "./fetch.ts";
import { lacking } from "./listing.ts";
import type { Library } from "./library.ts";
import { putWhole } from "./put.ts";
import { readLaterRecords, type StoredRecord } from "./records.ts";
import { demandSamePlace } from "./same-place.ts";
import type { Shelves } from "./shelves.ts";
import { asListed, noting } from "./tenant-listing.ts";
import { refuseErased } from "./tombstone.ts";

export interface Settling {
  readonly tenant: TenantId;
  /** Sorted by key; the inventory object itself included. */
  readonly lines: readonly InventoryLine[];
  /** Keys of earlier backups that this one names; all others nobody could know before it. */
  readonly reused: ReadonlySet<ObjectKey>;
  readonly shelves: Shelves;
  /** Of each store when the draft began. */
  readonly before: ReadonlyMap<StoreName, RecordsBefore>;
  /** An object that every store has been given since `notBefore`, by which each tells its time. */
  readonly dated: { readonly key: ObjectKey; readonly notBefore: Date };
  readonly trust: Library["trust"];
  readonly clock: Clock;
}

export interface LastLook {
  /** An instant before the condemned lists were listed. */
  readonly at: Date;
  /** The last of all stores left, and all that came since this backup began: another may have ended meanwhile. */
  readonly records: readonly StoredRecord[];
}

const roundsMax = 3;
/** At most so many objects of a few MiB each are held for every store. */
const copiesAtOnce = 4;

/**
 * "policy/refused" when the tenant was erased meanwhile: what is lacking then is not to be put back.
 */
export async function settle(settling: Settling, wait: Waiting): Promise<LastLook> {
  for (let round = 1; ; round += 1) {
    const at = settling.clock.now();
    const looks = await lookEverywhere(settling, wait);
    const lacks = new Map([...looks].filter(([, { lacks: lines }]) => lines.length > 0));
    if (lacks.size > 0 && round < roundsMax) {
      await refuseErasedSince(settling, wait);
      await copyLacks(settling, lacks, wait);
      continue;
    }
    for (const [store, { lacks: lines }] of lacks) {
      const one = lines[0]?.key ?? "objects";
      settling.shelves.fail(store, new Failure("store/absent", `${one} does not stay in ${store}`));
    }
    const { condemned, records } = await readLooks(settling, looks, wait);
    refuseCondemned(settling, condemned);
    return { at, records };
  }
}

interface Look {
  readonly lacks: readonly InventoryLine[];
  /** What the store holds of the tenant beside chunks. */
  readonly others: readonly ObjectStat[];
}

async function lookEverywhere(
  { tenant, lines, shelves }: Settling,
  wait: Waiting,
): Promise<ReadonlyMap<StoreName, Look>> {
  const looks = new Map<StoreName, Look>();
  await shelves.each(async ({ store }) => {
    const others: ObjectStat[] = [];
    const lacks = await lacking(lines, noting(store.list(tenantPrefix(tenant), wait), others));
    looks.set(store.name, { lacks, others });
  }, wait);
  for (const store of shelves.failures.keys()) looks.delete(store);
  return looks;
}

async function readLooks(
  { tenant, shelves, before, dated, trust, clock }: Settling,
  looks: ReadonlyMap<StoreName, Look>,
  wait: Waiting,
): Promise<{ readonly condemned: Condemned; readonly records: readonly StoredRecord[] }> {
  const condemned: Condemned[] = [];
  const records: StoredRecord[] = [];
  await shelves.each(async ({ store }) => {
    const others = looks.get(store.name)?.others ?? [];
    const stored = others.find(({ key }) => key === dated.key);
    if (stored === undefined)
      throw new Failure(
        "store/absent",
        `${dated.key} is not listed in ${store.name}, whose clock it was to tell`,
      );
    checkStoredAt(store.name, stored.modifiedAt, dated.notBefore, clock.now());
    const look = asListed(store, others);
    await refuseErased(tenant, look, { trust }, wait);
    const { read, listed, settled } = before.get(store.name) ?? nothing;
    // Those that the draft has read when it began bind it already.
    const unsettled = others.filter(({ key, modifiedAt }) => !settled.has(listMark(key, modifiedAt)));
    condemned.push(await readCondemned(tenant, asListed(store, unsettled), { trust }, wait));
    append(records, read);
    append(records, await readLaterRecords({ tenant, listed }, look, { trust, clock }, wait));
  }, wait);
  return { condemned: joinCondemned(condemned), records };
}

const nothing: RecordsBefore = { storeId: null, read: [], listed: new Set(), settled: new Set() };

/** An empty folder that its volume has left lacks everything too, and would be filled as if it were the store. */
async function copyLacks(
  { shelves, before }: Settling,
  looks: ReadonlyMap<StoreName, Look>,
  wait: Waiting,
): Promise<void> {
  // One that failed may still hold the only other copy, but is asked last.
  const failed = shelves.all.filter(({ store }) => shelves.failures.has(store.name));
  const sources = [...shelves.live, ...failed].map(({ store }) => store);
  await shelves.each(async (shelf) => {
    const lacks = looks.get(shelf.store.name)?.lacks ?? [];
    if (lacks.length === 0) return;
    await demandSamePlace(shelf.store, before.get(shelf.store.name)?.storeId ?? null, wait);
    await eachAtOnce(lacks, copiesAtOnce, async (line) => {
      const body = await fetchFromAnother(sources, line, wait);
      const lockedUntil = line.lockedUntil === undefined ? null : new Date(line.lockedUntil);
      await putWhole(shelf, { ...line, body, lockedUntil }, wait);
    });
  }, wait);
}

async function fetchFromAnother(
  sources: readonly ObjectReader[],
  line: InventoryLine,
  wait: Waiting,
): Promise<Buffer> {
  try {
    return (await fetchWhole(sources, line, {}, wait)).body;
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    throw new Failure("backup/overtaken", `no store holds ${line.key} any more: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function refuseErasedSince({ tenant, shelves, trust }: Settling, wait: Waiting): Promise<void> {
  await shelves.each(({ store }) => refuseErased(tenant, store, { trust }, wait), wait);
}

function refuseCondemned({ lines, reused }: Settling, condemned: Condemned): void {
  const dead = lines.find(({ key }) => condemned.keys.has(key));
  if (dead !== undefined)
    throw new Failure("backup/overtaken", `${dead.key} was condemned while the backup ran`);
  const [unreadable] = condemned.unreadable;
  if (unreadable === undefined) return;
  // Whatever that list names, it cannot be what did not exist before this backup.
  const [exposed] = reused;
  if (exposed === undefined) return;
  throw new Failure(
    "backup/overtaken",
    `${unreadable.key} in ${unreadable.store} cannot be read (${unreadable.reason}) and may condemn ${exposed}`,
  );
}
