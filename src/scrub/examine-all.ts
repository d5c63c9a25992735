import { sha256 } from "../base/digest.ts";
import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { inventoryKey, recordKey } from "../model/layout.ts";
import { badStatements } from "../repository/bad-statements.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { readInventory } from "../repository/inventories.ts";
import type { Library } from "../repository/library.ts";
import { type GoodRecord, isGood, readRecords, type StoredRecord } from "../repository/records.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { ScrubLedger } from "./scrub-ledger.ts";

export interface Examination {
  readonly tenant: TenantId;
  /** At the pace that is allowed. */
  readonly store: ObjectReader;
  readonly library: Library;
}

const objectsAtOnce = 4;
const recordBytesMax = 1024 * 1024;

/** The newest backups first: those are the ones that somebody will want back. */
export async function examineAll(
  examination: Examination,
  ledger: ScrubLedger,
  watch: (bytes: number) => void,
  wait: Waiting,
): Promise<void> {
  const { tenant, store, library } = examination;
  const records = await readRecords(tenant, store, library, wait);
  for (const record of records.toReversed()) {
    if (!isGood(record)) {
      tellUnbelieved(record, tenant, ledger);
      continue;
    }
    await examineRecord(examination, record, ledger, watch, wait);
    const linesOf = lines(examination, record, ledger, wait);
    await eachAtOnce(linesOf, objectsAtOnce, async (line) => {
      if (ledger.meets(line.sha256)) await examineObject(examination, record, line, ledger, watch, wait);
    });
  }
  const { bad, good } = await badStatements(tenant, store, library.trust, wait);
  for (const key of bad) ledger.damaged.add(key);
  ledger.whole += good;
}

/** A document of a newer Holdfast, or one dated ahead, says nothing of damage; anything else does. */
function tellUnbelieved(
  { reason, detail, backup }: Exclude<StoredRecord, GoodRecord>,
  tenant: TenantId,
  ledger: ScrubLedger,
): void {
  const key = recordKey(tenant, backup);
  ledger.notes.push(`${key} is not believed: ${detail}`);
  if (reason !== "format" && reason !== "future") ledger.damaged.add(key);
}

/** Where versions are kept, a good record may lie under other bytes. */
async function examineRecord(
  { tenant, store }: Examination,
  record: GoodRecord,
  ledger: ScrubLedger,
  watch: (bytes: number) => void,
  wait: Waiting,
): Promise<void> {
  const key = recordKey(tenant, record.backup);
  try {
    const body = await store.read(key, { bytesMax: recordBytesMax }, wait);
    count(ledger, body.length, watch);
    if (sha256(body) === record.sha256) ledger.findWhole(key);
    else ledger.damaged.add(key);
  } catch (error) {
    if (isFailure(error, "store/corrupt")) ledger.damaged.add(key);
    else if (!isFailure(error, "store/absent")) throw error;
  }
}

/** What the record names; the inventory itself first. One that no store shows whole leaves its objects unknown. */
async function* lines(
  { tenant, store, library }: Examination,
  { backup, record }: GoodRecord,
  ledger: ScrubLedger,
  wait: Waiting,
): AsyncGenerator<InventoryLine> {
  yield { key: inventoryKey(tenant, backup), ...record.inventory };
  try {
    const others = library.stores.filter(({ name }) => name !== store.name);
    yield* readInventory([store, ...others], record, () => undefined, wait);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    ledger.notes.push(`the objects of ${backup} are unknown: ${error.message}`);
  }
}

async function examineObject(
  { store }: Examination,
  { backup }: GoodRecord,
  line: InventoryLine,
  ledger: ScrubLedger,
  watch: (bytes: number) => void,
  wait: Waiting,
): Promise<void> {
  const body = await fetchCurrent(store, line, wait);
  if (Buffer.isBuffer(body)) {
    count(ledger, body.length, watch);
    ledger.findWhole(line.key);
  } else if (body === "absent") ledger.missing.set(line.key, backup);
  else ledger.damaged.add(line.key);
}

function count(ledger: ScrubLedger, bytes: number, watch: (bytes: number) => void): void {
  ledger.bytes += bytes;
  watch(bytes);
}
