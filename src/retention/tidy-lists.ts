/**
 * Removes lists of condemned keys that are needed no more, since every backup reads all that are left. A list
 * is needed no more when it is a month old, no store shows anything that it names, and it names no record that
 * is still there, that one still there calls its predecessor, or of whose backup a proof still tells.
 */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import type { StoredList } from "../repository/condemned.ts";
import { askEach } from "../repository/library.ts";
import type { WholeStore } from "../stores/store.ts";
import type { CondemnedKeys } from "./condemned-here.ts";
import type { Holding } from "./holding.ts";
import { removeWhole } from "./remove-whole.ts";

export interface Tidying {
  readonly tenant: TenantId;
  readonly stores: readonly WholeStore[];
  readonly holdings: ReadonlyMap<StoreName, Holding>;
  /** Told which of them some store still showed, before this prune removed any. */
  readonly condemned: CondemnedKeys;
  readonly now: Date;
}

/** Many times the grace time and the longest backup: no work that began before the list was there still runs. */
const tidyMs = 30 * 86_400_000;
const removalsAtOnce = 8;

/** A list that a store will not give up costs only reading it, so failures are left to the next prune. */
export async function tidyLists(
  { tenant, stores, holdings, condemned, now }: Tidying,
  wait: Waiting,
): Promise<void> {
  const needed = predecessors(holdings).union(tried(tenant, holdings));
  const isDone = (list: StoredList, storeNow: Date): boolean =>
    storeNow.getTime() - list.storedAt.getTime() > tidyMs &&
    now.getTime() - Date.parse(list.at) > tidyMs &&
    !list.records.some((key) => needed.has(key)) &&
    !condemned.isShown(list);
  await askEach(
    stores,
    async (store) => {
      const holding = holdings.get(store.name);
      if (holding === undefined) return;
      const done = holding.condemned.lists.filter((one) => isDone(one, holding.storeNow));
      await eachAtOnce(done, removalsAtOnce, async ({ key }) => {
        await removeWhole(store, key, wait);
      });
    },
    wait,
  );
}

/** Records of backups of which some store holds a proof. */
function tried(tenant: TenantId, holdings: ReadonlyMap<StoreName, Holding>): ReadonlySet<ObjectKey> {
  const backups = holdings.values().flatMap((one) => [...one.tried]);
  return new Set(backups.map((backup) => recordKey(tenant, backup)));
}

/** Records that lie in a store, and those that they name as their predecessors. */
function predecessors(holdings: ReadonlyMap<StoreName, Holding>): ReadonlySet<ObjectKey> {
  const all = holdings.values().flatMap(({ records }) => records);
  return new Set(
    all.flatMap(({ backup, record }) => {
      if (record === null) return [];
      const { tenant, previous } = record;
      const own = recordKey(tenant, backup);
      return previous === null ? [own] : [own, recordKey(tenant, previous.backup)];
    }),
  );
}
