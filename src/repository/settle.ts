/**
 * The last look before a record is written (promises 1 and 2, trap 27): in every store that is left,
 * list every key of the inventory; copy what one lacks from another; then read the condemned lists.
 * The streams are gone by now, so nothing can be sealed anew: an object that no store holds whole,
 * or that was condemned, ends this backup with "backup/overtaken", and the next one does not reuse it.
 */
import type { Clock } from "../base/clock.ts";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { backupsPrefix, chunksPrefix, keysPrefix } from "../model/layout.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import { type Condemned, joinCondemned, readCondemned } from "./condemned.ts";
import { fetchWhole } from "./fetch.ts";
import { lacking } from "./listing.ts";
import type { Library } from "./library.ts";
import { putWhole } from "./put.ts";
import type { Shelves } from "./shelves.ts";
import { refuseErased } from "./tombstone.ts";

export interface Settling {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly generation: number;
  /** Sorted by key; the inventory object itself included. */
  readonly lines: readonly InventoryLine[];
  /** Keys of earlier backups that this one names; all others nobody could know before it. */
  readonly reused: ReadonlySet<ObjectKey>;
  readonly shelves: Shelves;
  readonly trust: Library["trust"];
  readonly clock: Clock;
}

const roundsMax = 3;
/** At most so many objects of a few MiB each are held for every store. */
const copiesAtOnce = 4;

/**
 * Resolves with the instant before the condemned lists were read. "policy/refused" when the tenant was
 * erased meanwhile: what is lacking then is not to be put back.
 */
export async function settle(settling: Settling, wait: Waiting): Promise<Date> {
  for (let round = 1; ; round += 1) {
    const lacks = await listLacks(settling, wait);
    if (lacks.size === 0) break;
    if (round === roundsMax) {
      for (const [store, lines] of lacks) {
        const one = lines[0]?.key ?? "objects";
        settling.shelves.fail(store, new Failure("store/absent", `${one} does not stay in ${store}`));
      }
      break;
    }
    await refuseErasedSince(settling, wait);
    await copyLacks(settling, lacks, wait);
  }
  const readAt = settling.clock.now();
  refuseCondemned(settling, await condemnedEverywhere(settling, wait));
  return readAt;
}

async function listLacks(
  { tenant, backup, generation, lines, shelves }: Settling,
  wait: Waiting,
): Promise<ReadonlyMap<StoreName, readonly InventoryLine[]>> {
  const lacks = new Map<StoreName, readonly InventoryLine[]>();
  const prefixes = [
    `${backupsPrefix(tenant)}${backup}/`,
    chunksPrefix(tenant, generation),
    keysPrefix(tenant),
  ];
  await shelves.each(async ({ store }) => {
    const missing = await lacking(lines, listAll(store, prefixes, wait));
    if (missing.length > 0) lacks.set(store.name, missing);
  }, wait);
  for (const store of shelves.failures.keys()) lacks.delete(store);
  return lacks;
}

/** Several prefixes, in byte order, as one sorted listing. */
async function* listAll(
  store: ObjectReader,
  prefixes: readonly string[],
  wait: Waiting,
): AsyncGenerator<ObjectStat> {
  for (const prefix of prefixes) yield* store.list(prefix, wait);
}

async function copyLacks(
  { shelves }: Settling,
  lacks: ReadonlyMap<StoreName, readonly InventoryLine[]>,
  wait: Waiting,
): Promise<void> {
  // One that failed may still hold the only other copy, but is asked last.
  const failed = shelves.all.filter(({ store }) => shelves.failures.has(store.name));
  const sources = [...shelves.live, ...failed].map(({ store }) => store);
  await shelves.each(async (shelf) => {
    await eachAtOnce(lacks.get(shelf.store.name) ?? [], copiesAtOnce, async (line) => {
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
    return (await fetchWhole(sources, line, () => undefined, wait)).body;
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

async function condemnedEverywhere({ tenant, shelves, trust }: Settling, wait: Waiting): Promise<Condemned> {
  const each: Condemned[] = [];
  await shelves.each(async ({ store }) => {
    await refuseErased(tenant, store, { trust }, wait);
    each.push(await readCondemned(tenant, store, { trust }, wait));
  }, wait);
  return joinCondemned(each);
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
