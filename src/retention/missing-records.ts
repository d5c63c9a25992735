/** A store of the tenant that lacks records which its other stores show: it lost or withholds them, or never got them (trap 26). */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, ObjectKey, StoreName } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import { CondemnedDigests } from "../repository/condemned.ts";
import { readInventory } from "../repository/inventories.ts";
import { type GoodRecord, isGood } from "../repository/records.ts";
import type { Holding } from "./holding.ts";
import type { RetentionOrder } from "./order.ts";
import type { Stop } from "./stop.ts";

/**
 * One stop for each store of the plan that lacks records. Two kinds of record may be missing: those that a prune
 * condemned, and those that name an object which was condemned just before they were written. `replicate` copies
 * neither, so that either would stop every prune for ever. A condemned record whose backup is in `kept` is
 * missed all the same.
 */
export async function missingRecords(
  order: RetentionOrder,
  holdings: ReadonlyMap<StoreName, Holding>,
  kept: ReadonlySet<BackupId>,
  wait: Waiting,
): Promise<readonly Stop[]> {
  const own = [...holdings].filter(([store]) => order.own.has(store));
  const keptRecords = new Set(Array.from(kept, (backup) => recordKey(order.tenant, backup)));
  const listed = new CondemnedDigests([...holdings.values()].flatMap(({ condemned }) => condemned.lists));
  const isDeadKey = (key: ObjectKey): boolean => listed.has(key) && !keptRecords.has(key);
  const shown = new Map(
    own.flatMap(([, { records }]) => records.filter(isGood).map((one) => [one.backup, one])),
  );
  const mayMiss = new Map<BackupId, boolean>();
  const stops: Stop[] = [];
  for (const [store, { records }] of own) {
    const here = new Set(records.map(({ backup }) => backup));
    const lacks: BackupId[] = [];
    for (const [backup, one] of shown) {
      if (here.has(backup)) continue;
      const isExcused =
        mayMiss.get(backup) ?? (listed.lists.length > 0 && (await isDead(one, order, isDeadKey, wait)));
      mayMiss.set(backup, isExcused);
      if (!isExcused) lacks.push(backup);
    }
    if (lacks.length === 0) continue;
    const names = `${lacks.slice(0, 3).join(", ")}${lacks.length > 3 ? ", …" : ""}`;
    const detail = `it shows ${String(here.size)} records and lacks ${names}, which others show`;
    stops.push({ reason: "records-missing", store, detail });
  }
  return stops;
}

/** Whether the record or an object that it names is condemned; false where its inventory cannot be read. */
async function isDead(
  { record, backup }: GoodRecord,
  { tenant, stores }: RetentionOrder,
  isDeadKey: (key: ObjectKey) => boolean,
  wait: Waiting,
): Promise<boolean> {
  if (isDeadKey(recordKey(tenant, backup))) return true;
  try {
    for await (const { key } of readInventory(stores, record, () => undefined, wait)) {
      if (isDeadKey(key)) return true;
    }
    return false;
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    return false;
  }
}
