/**
 * Backups of which no store shows a record and which were there all the same: somebody holds them, or a
 * signed proof tells of them, and no list says that a prune took them. What withholds the newest records
 * leaves no gap in the chain, and in a tenant's only store no other shows what it hides (trap 26).
 */
import type { Waiting } from "../base/waiting.ts";
import type { HoldStatement } from "../model/documents.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import { parseProofKey, proofsPrefix, recordKey } from "../model/layout.ts";
import { readProof } from "../repository/proofs.ts";
import type { ObjectReader } from "../stores/store.ts";
import { condemnedRecords, type Holding } from "./holding.ts";
import type { RetentionDesk, RetentionOrder } from "./order.ts";
import type { Stop } from "./stop.ts";

interface Seen {
  readonly holdings: ReadonlyMap<StoreName, Holding>;
  readonly holds: readonly HoldStatement[];
}

export async function lostRecords(
  { tenant, stores }: RetentionOrder,
  { holdings, holds }: Seen,
  desk: RetentionDesk,
  wait: Waiting,
): Promise<readonly Stop[]> {
  const all = [...holdings.values()];
  const shown = new Set(all.flatMap(({ records }) => records.map(({ backup }) => backup)));
  const removed = condemnedRecords(all);
  const stop = (backup: BackupId, why: string): Stop => ({
    reason: "record-gap",
    store: null,
    detail: `${backup} ${why}, and no store shows its record`,
  });
  // A hold is laid only upon what is there, so that no list explains why it went.
  const stops = holds.flatMap(({ hold, backup }) =>
    backup === null || shown.has(backup) ? [] : [stop(backup, `is held by ${hold}`)],
  );
  for (const backup of new Set(all.flatMap(({ tried }) => [...tried]))) {
    if (shown.has(backup) || removed.has(recordKey(tenant, backup))) continue;
    const where = stores.filter(({ name }) => holdings.get(name)?.tried.has(backup));
    if (await wasTried({ tenant, backup }, where, desk, wait)) stops.push(stop(backup, "was tried"));
  }
  return stops;
}

/** Whether some proof of it is signed by whom we believe; whatever else lies among them says nothing. */
async function wasTried(
  { tenant, backup }: { readonly tenant: TenantId; readonly backup: BackupId },
  stores: readonly ObjectReader[],
  desk: RetentionDesk,
  wait: Waiting,
): Promise<boolean> {
  for (const store of stores) {
    for await (const { key } of store.list(`${proofsPrefix(tenant)}${backup}/`, wait)) {
      if (parseProofKey(key) === null) continue;
      if ((await readProof({ tenant, key }, store, desk, wait)) !== null) return true;
    }
  }
  return false;
}
