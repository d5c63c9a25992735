/** Condemning: signed lists of exact keys, in every store that takes part before anything follows from them. */
import { sha256 } from "../base/digest.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { condemnedList } from "../model/documents.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import { askEach } from "../repository/library.ts";
import { putWhole } from "../repository/put.ts";
import type { Store } from "../stores/store.ts";
import type { PruneDesk } from "./order.ts";
import type { Stop } from "./stop.ts";

export interface Condemning {
  readonly tenant: TenantId;
  readonly stores: readonly Store[];
  readonly keys: readonly ObjectKey[];
  /** `condemnedKey` or `condemnedRecordsKey`. */
  readonly keyAt: (tenant: TenantId, at: Date) => ObjectKey;
}

/** About 10 MB of signed text, below what readers take. */
const keysPerList = 30_000;
const secondsMax = 60;

/** Resolves with what kept a list from a store; as long as one lacks it, nothing may be removed. */
export async function writeLists(
  condemning: Condemning,
  desk: PruneDesk,
  wait: Waiting,
): Promise<readonly Stop[]> {
  const sorted = condemning.keys.toSorted();
  for (let from = 0; from < sorted.length; from += keysPerList) {
    const stops = await writeList(
      { ...condemning, keys: sorted.slice(from, from + keysPerList) },
      desk,
      wait,
    );
    if (stops.length > 0) return stops;
  }
  return [];
}

async function writeList(
  { tenant, stores, keys, keyAt }: Condemning,
  { signer, clock }: PruneDesk,
  wait: Waiting,
): Promise<readonly Stop[]> {
  const taken = async (key: ObjectKey): Promise<boolean> => {
    const { answers } = await askEach(stores, (store) => store.stat(key, wait), wait);
    return [...answers.values()].some((stat) => stat !== null);
  };
  const now = clock.now().getTime();
  for (let second = 0; second < secondsMax; second += 1) {
    const at = new Date(now + second * 1000);
    const key = keyAt(tenant, at);
    if (await taken(key)) continue;
    const format = { name: "holdfast-condemned" as const, version: 1 as const };
    const list = condemnedList.parse({ format, tenant, at: at.toISOString(), keys });
    const body = await signer.sign("removal", list);
    const object = { key, body, bytes: body.length, sha256: sha256(body), lockedUntil: null };
    const { down } = await askEach(stores, (store) => putWhole({ store, lock: null }, object, wait), wait);
    return down.map(({ store, failure }): Stop => ({
      reason: "list-unwritten",
      store,
      detail: failure.message,
    }));
  }
  throw new Failure("store/exists", `every name for a list of condemned keys of ${tenant} is taken`);
}
