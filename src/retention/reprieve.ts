/**
 * Takes records off the condemned lists when their backups are kept after all. While a list names a record,
 * `replicate` copies it to no other store and no prune minds that it is missing, so that it must not stay
 * there. It comes to that where a prune was broken off after it wrote its list and before it removed the
 * records, and then the plan was given more places, a newer backup was refuted, or a hold was laid.
 */
import type { Waiting } from "../base/waiting.ts";
import { condemnedRecordsKey, isCondemnedRecordsKey, recordKey } from "../model/layout.ts";
import type { StoredList } from "../repository/condemned.ts";
import { askEach } from "../repository/library.ts";
import type { WholeStore } from "../stores/store.ts";
import { isAged } from "./condemned-here.ts";
import type { Holding } from "./holding.ts";
import type { Judgement } from "./judge-tenant.ts";
import type { PruneDesk, PruneOrder } from "./order.ts";
import { removeWhole } from "./remove-whole.ts";
import type { StopReason } from "./stop.ts";
import { writeLists } from "./write-lists.ts";

/** With any of these stops some backup, hold or list was not seen, and what is kept is not known. */
const blinding: ReadonlySet<StopReason> = new Set(["store-down", "store-doubtful", "list-unreadable"]);

/**
 * Replaces each list that names a kept record by one without it: the new list is written to every store first,
 * then the old ones are removed. Only lists that are older than the grace time are replaced, since a prune on
 * another host may be about to remove what a younger one names. What fails is left to the next prune.
 */
export async function reprieve(
  { tenant, stores }: PruneOrder,
  { stops, backups, holdings, involved }: Judgement<WholeStore>,
  desk: PruneDesk,
  wait: Waiting,
): Promise<void> {
  if (stops.some(({ reason }) => blinding.has(reason))) return;
  const kept = new Set(
    backups
      .filter(({ entry, keeping }) => !entry.suspect && keeping.keptBy.length > 0)
      .map(({ entry }) => recordKey(tenant, entry.backup)),
  );
  const now = desk.clock.now();
  const wrongListsOf = ({ storeNow, condemned }: Holding): readonly StoredList[] =>
    condemned.lists.filter(
      (one) =>
        isCondemnedRecordsKey(one.key) &&
        isAged(one, { storeNow, now }) &&
        one.records.some((key) => kept.has(key)),
    );
  const wrong = new Map(Array.from(holdings, ([store, holding]) => [store, wrongListsOf(holding)]));
  const named = wrong.values().flatMap((lists) => lists.flatMap(({ records }) => records));
  const rest = new Set(named.filter((key) => !kept.has(key)));
  const written = await writeLists(
    { tenant, stores: involved, keys: [...rest], keyAt: condemnedRecordsKey },
    desk,
    wait,
  );
  if (written.stops.length > 0) return;
  await askEach(
    stores,
    async (store) => {
      for (const { key } of wrong.get(store.name) ?? []) await removeWhole(store, key, wait);
    },
    wait,
  );
}
