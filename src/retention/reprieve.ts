/**
 * A record that was condemned and is kept after all must not stay dead: nobody would bring a copy of it
 * back, and nobody would miss it. It comes to that where a prune was broken off between its list and the
 * removal, and then the plan was given more places, a newer backup was refuted, or a hold was laid.
 */
import type { Waiting } from "../base/waiting.ts";
import { condemnedRecordsKey, isCondemnedRecordsKey, recordKey } from "../model/layout.ts";
import type { StoredList } from "../repository/condemned.ts";
import { askEach } from "../repository/library.ts";
import type { WholeStore } from "../stores/store.ts";
import { isAged } from "./condemned-here.ts";
import type { Judgement } from "./judge-tenant.ts";
import type { PruneDesk, PruneOrder } from "./order.ts";
import { removeWhole } from "./remove-whole.ts";
import type { StopReason } from "./stop.ts";
import { writeLists } from "./write-lists.ts";

/** Whoever does not see everything does not know what is kept. */
const blinding: ReadonlySet<StopReason> = new Set(["store-down", "store-doubtful", "list-unreadable"]);

/**
 * Replaces lists that name records which are shown and kept by ones without those. Only lists that are as
 * old as the grace time: a prune on another host may be about to remove what a younger one names. What
 * cannot be done now is left to the next prune.
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
  const wrong = new Map(
    Array.from(holdings, ([store, { storeNow, condemned }]): [string, readonly StoredList[]] => [
      store,
      condemned.lists.filter(
        (one) =>
          isCondemnedRecordsKey(one.key) &&
          isAged(one, { storeNow, now }) &&
          one.records.some((key) => kept.has(key)),
      ),
    ]),
  );
  const rest = new Set(
    wrong
      .values()
      .flatMap((lists) => lists.flatMap(({ records }) => records))
      .filter((key) => !kept.has(key)),
  );
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
