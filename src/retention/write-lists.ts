/** Condemning: signed lists of exact keys, in every store that takes part before anything follows from them. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Signer } from "../keys/signing.ts";
import { condemnedList } from "../model/documents.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import { rightTime } from "../repository/clocks.ts";
import { fetchFrom, type Wanted } from "../repository/fetch.ts";
import { askEach } from "../repository/library.ts";
import { isTaken, putStatement, statementBytes } from "../repository/put-statement.ts";
import type { Store, WholeStore } from "../stores/store.ts";
import type { PruneDesk } from "./order.ts";
import { removeWhole } from "./remove-whole.ts";
import type { Stop } from "./stop.ts";

export interface Condemning {
  readonly tenant: TenantId;
  readonly stores: readonly Store[];
  readonly keys: Iterable<ObjectKey>;
  /** `condemnedKey` or `condemnedRecordsKey`. */
  readonly keyAt: (tenant: TenantId, at: Date) => ObjectKey;
}

export interface WrittenLists {
  /** What kept a list from a store; as long as one lacks it, nothing may be removed. */
  readonly stops: readonly Stop[];
  /** Each list that was begun; a store that failed may hold it all the same. */
  readonly lists: readonly Wanted[];
}

/** About 10 MB of signed text, below what readers take. */
const keysPerList = 30_000;
const secondsMax = 60;

/** The first list that does not reach every store is the last that is tried. */
export async function writeLists(
  condemning: Condemning,
  desk: PruneDesk,
  wait: Waiting,
): Promise<WrittenLists> {
  const lists: Wanted[] = [];
  for (const keys of parts(condemning.keys)) {
    const at = await dateFor(condemning, desk, wait);
    if (!(at instanceof Date)) return { stops: [at], lists };
    const { stops, list } = await writeList({ ...condemning, keys }, { signer: desk.signer, from: at }, wait);
    lists.push(list);
    if (stops.length > 0) return { stops, lists };
  }
  return { stops: [], lists };
}

/** As many as one list takes, in order, one part after the other: there may be more than memory is good for. */
function* parts(keys: Iterable<ObjectKey>): Generator<ObjectKey[]> {
  let part: ObjectKey[] = [];
  for (const key of keys) {
    part.push(key);
    if (part.length < keysPerList) continue;
    yield part.toSorted();
    part = [];
  }
  if (part.length > 0) yield part.toSorted();
}

/**
 * Removes lists of which nothing has followed, wherever they lie as they were written. What a store keeps
 * all the same is taken back a day later, as `reprieve` tells.
 */
export async function takeBack(
  lists: readonly Wanted[],
  stores: readonly WholeStore[],
  wait: Waiting,
): Promise<void> {
  await askEach(
    stores,
    async (store) => {
      for (const list of lists) {
        if (Buffer.isBuffer(await fetchFrom(store, list, wait))) await removeWhole(store, list.key, wait);
      }
    },
    wait,
  );
}

/** One dated ahead would never grow old enough for anything to follow from it, nor to be taken back. */
async function dateFor({ stores }: Condemning, { clock }: PruneDesk, wait: Waiting): Promise<Date | Stop> {
  try {
    return await rightTime(stores, () => clock.now(), wait);
  } catch (error) {
    if (!isFailure(error, "store/clock")) throw error;
    return { reason: "list-unwritten", store: null, detail: error.message };
  }
}

/** `from`: the time it is dated with, or one of the seconds that follow. */
async function writeList(
  { tenant, stores, keys, keyAt }: Condemning & { readonly keys: ObjectKey[] },
  { signer, from }: { readonly signer: Signer; readonly from: Date },
  wait: Waiting,
): Promise<{ readonly stops: readonly Stop[]; readonly list: Wanted }> {
  for (let second = 0; second < secondsMax; second += 1) {
    const at = new Date(from.getTime() + second * 1000);
    const key = keyAt(tenant, at);
    if (await isTaken(key, stores, wait)) continue;
    const format = { name: "holdfast-condemned" as const, version: 1 as const };
    const list = condemnedList.parse({ format, tenant, at: at.toISOString(), keys });
    const body = await signer.sign("removal", list);
    const statement = statementBytes(key, body);
    const { down } = await askEach(stores, (store) => putStatement(statement, store, wait), wait);
    const stops = down.map(({ store, failure }): Stop => ({
      reason: "list-unwritten",
      store,
      detail: failure.message,
    }));
    return { stops, list: { key, bytes: statement.bytes, sha256: statement.sha256 } };
  }
  throw new Failure("store/exists", `every name for a list of condemned keys of ${tenant} is taken`);
}
