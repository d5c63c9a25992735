import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import { inventoryKey, keysPrefix, parseChunkKey, recordKey } from "../model/layout.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { demandFixed } from "../repository/fixed-bytes.ts";
import { readInventory } from "../repository/inventories.ts";
import { type GoodRecord, isGood, readRecords } from "../repository/records.ts";
import { trueLength } from "../repository/true-length.ts";
import { examineKeys, NamedKeys } from "./examine-keys.ts";
import { examineStatements } from "./examine-statements.ts";
import type { Examination } from "./examination.ts";
import type { ScrubLedger } from "./scrub-ledger.ts";
import { tellUnbelieved } from "./unbelieved.ts";

const objectsAtOnce = 4;

/** The newest backups first: those are the ones that somebody will want back. */
export async function examineAll(
  examination: Examination,
  ledger: ScrubLedger,
  wait: Waiting,
): Promise<void> {
  const { tenant, store, library } = examination;
  const named = new NamedKeys();
  const records = await readRecords(tenant, store, library, wait);
  for (const record of records.toReversed()) {
    if (!isGood(record)) {
      await tellUnbelieved(examination, record, ledger, wait);
      continue;
    }
    await examineRecord(examination, record, ledger, wait);
    const linesOf = lines(examination, record, ledger, wait);
    await eachAtOnce(linesOf, objectsAtOnce, async (line) => {
      if (line.key.startsWith(keysPrefix(tenant))) named.add(record.record, line);
      else if (parseChunkKey(line.key) === null || ledger.meets(line.sha256))
        await examineObject(examination, { record, line }, ledger, wait);
    });
  }
  await examineKeys({ ...examination, named, ledger }, wait);
  await examineStatements(examination, ledger, wait);
}

/** Where versions are kept, a good record may lie under other bytes. */
async function examineRecord(
  { tenant, store }: Examination,
  record: GoodRecord,
  ledger: ScrubLedger,
  wait: Waiting,
): Promise<void> {
  const key = recordKey(tenant, record.backup);
  const body = await fetchCurrent(store, { key, bytes: null, sha256: record.sha256 }, wait);
  if (Buffer.isBuffer(body)) {
    ledger.countRead(body.length);
    ledger.findWhole(key);
  } else if (body === "altered") ledger.damaged.add(key);
}

/**
 * What the record names; the inventory itself first. One that no store shows whole leaves its objects
 * unknown. One that names bytes which nothing fixes is a lie of whoever signed the record: it speaks
 * against that backup, and never against the object, which other backups may rest on.
 */
async function* lines(
  { tenant, store, library }: Examination,
  good: GoodRecord,
  ledger: ScrubLedger,
  wait: Waiting,
): AsyncGenerator<InventoryLine> {
  const { backup, record } = good;
  yield { key: inventoryKey(tenant, backup), ...record.inventory };
  let isLie = false;
  try {
    const others = library.stores.filter(({ name }) => name !== store.name);
    for await (const line of readInventory([store, ...others], record, () => undefined, wait)) {
      isLie = true;
      demandFixed(record, line);
      isLie = false;
      yield line;
    }
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    if (isLie) tellLie(good, error.message, ledger);
    else ledger.notes.push(`the objects of ${backup} are unknown: ${error.message}`);
  }
}

function tellLie({ backup, record: { tenant } }: GoodRecord, how: string, ledger: ScrubLedger): void {
  ledger.damaged.add(inventoryKey(tenant, backup));
  ledger.notes.push(`${backup} is not to be believed, though its record is signed: ${how}`);
}

async function examineObject(
  { store }: Examination,
  { record, line }: { readonly record: GoodRecord; readonly line: InventoryLine },
  ledger: ScrubLedger,
  wait: Waiting,
): Promise<void> {
  const body = await fetchCurrent(store, line, wait);
  if (Buffer.isBuffer(body)) {
    ledger.countRead(body.length);
    ledger.findWhole(line.key);
  } else if (body === "absent") ledger.missing.set(line.key, record.backup);
  else {
    const length = await trueLength(store, line, wait);
    if (length === null) ledger.damaged.add(line.key);
    else {
      ledger.countRead(length);
      ledger.findWhole(line.key);
      tellLie(record, `it names ${line.key} with another length than it has`, ledger);
    }
  }
}
