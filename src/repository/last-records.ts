/** The records that a new backup has to know of: not all, since they grow with every backup that is kept. */
import { Failure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import type { BackupRecord } from "../model/documents.ts";
import type { BackupId, ObjectKey, TenantId } from "../model/ids.ts";
import { backupsPrefix, manifestKey, parseRecordKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { isGood, readRecord, readsAtOnce, type StoredRecord } from "./records.ts";

/** A record as the store lists it; times are the store's own. */
interface Listed {
  readonly backup: BackupId;
  readonly storedMs: number;
  /** Of its manifest; undefined when that is not listed. */
  readonly manifestMs: number | undefined;
}

/** Some stores date what they hold by whole seconds, FAT by every second one. */
const granularityMs = 2000;

/**
 * More than any tenant has of a signer who was let go. A store can list what does not even lie there, dated as it likes,
 * and each would be read, twice, before any backup begins.
 */
const unbelievedMax = 100_000;

/**
 * The good record that came to the store last, every record that came since that one's draft looked at the store, and
 * the one with the newest id; oldest id first, with whatever was read on the way and is no good. What came before that
 * look was known to the draft, so that no other record has a higher counter or generation of keys. Ids do not tell
 * this: they go by the recovery point, which stands still on an idle standby and lies behind where a backup took long.
 * "store/protocol" where more than `badMax` are listed that are not there, or that nobody believes.
 */
export async function readLastRecords(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
  badMax: number = unbelievedMax,
): Promise<readonly StoredRecord[]> {
  const listed = await listDated(tenant, store, wait);
  const last = listed.slice(0, 1);
  const newest = listed.toSorted((one, other) => (one.backup > other.backup ? -1 : 1)).slice(0, 1);
  const first = new Set([...last, ...newest]);
  const queue = [...first, ...listed.filter((one) => !first.has(one))];
  const found: StoredRecord[] = [];
  let sinceMs = Number.NEGATIVE_INFINITY;
  let unbelieved = 0;
  // Most often there is one to read. Those that are no good may be many, and are not waited for one by one.
  for (let size = first.size; queue.length > 0; size = readsAtOnce) {
    const batch = queue.splice(0, size).filter(({ storedMs }) => storedMs >= sinceMs);
    if (batch.length === 0) break;
    if (unbelieved > badMax) {
      const many = `more than ${String(badMax)} records that nobody believes`;
      throw new Failure("store/protocol", `${store.name} lists ${many}`);
    }
    await eachAtOnce(batch, readsAtOnce, async ({ backup, manifestMs }) => {
      const one = await readRecord({ tenant, backup }, store, library, wait);
      if (one !== null) found.push(one);
      if (one !== null && isGood(one)) sinceMs = Math.max(sinceMs, lookedMs(one.record, manifestMs));
      else unbelieved += 1;
    });
  }
  return found.toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
}

/**
 * An instant of the store's clock at or before which the draft of this record looked at the store; without a beginning
 * where its manifest came there by another way, later than by the backup itself, which may not have seen this store.
 */
function lookedMs({ startedAt, finishedAt }: BackupRecord, manifestMs: number | undefined): number {
  const finishedMs = Date.parse(finishedAt);
  if (manifestMs === undefined || manifestMs > finishedMs + clockToleranceMs) return Number.NEGATIVE_INFINITY;
  const tookMs = Math.max(0, finishedMs - Date.parse(startedAt));
  return manifestMs - tookMs - granularityMs;
}

/** Records are written last, so that the order in which they came to a store is that in which backups ended; latest first. */
async function listDated(
  tenant: TenantId,
  store: Pick<ObjectReader, "list">,
  wait: Waiting,
): Promise<readonly Listed[]> {
  const dates = new Map<ObjectKey, number>();
  for await (const { key, modifiedAt } of store.list(backupsPrefix(tenant), wait))
    dates.set(key, modifiedAt.getTime());
  const listed = [...dates].flatMap(([key, storedMs]): Listed[] => {
    const backup = parseRecordKey(key)?.backup;
    if (backup === undefined) return [];
    return [{ backup, storedMs, manifestMs: dates.get(manifestKey(tenant, backup)) }];
  });
  return listed.toSorted((one, other) => other.storedMs - one.storedMs);
}
