import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import { inventoryKey, keysPrefix } from "../model/layout.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { trueLength } from "../repository/true-length.ts";
import { giveKeys } from "./give-keys.ts";
import { type Delivery, sourcesFor } from "./ground.ts";
import type { HealLedger } from "./heal-ledger.ts";
import { lostInventory, namedLines } from "./named-lines.ts";
import { bringObject, type Lost } from "./place-object.ts";

export interface HealTask extends Delivery {
  readonly record: BackupRecord;
  /** Whether an object is missing, or may be damaged. */
  readonly isDoubtful: (line: InventoryLine) => boolean;
}

const objectsAtOnce = 4;

/**
 * Looks at each doubtful object of a backup, mends the bad ones, and tells the ledger. That some list
 * condemned one is nothing to go by: what a record names that is there, no prune takes. Throws when the
 * store itself fails.
 */
export async function healObjects(task: HealTask, ledger: HealLedger, wait: Waiting): Promise<void> {
  const { to, record, isDoubtful } = task;
  const keys: InventoryLine[] = [];
  let isTouched = false;
  await eachAtOnce(readable(task, ledger, wait), objectsAtOnce, async (line) => {
    if (line.key.startsWith(keysPrefix(record.tenant))) {
      keys.push(line);
      return;
    }
    if (!isDoubtful(line)) return;
    if (!ledger.isSettled(line)) await healObject(task, line, ledger, wait);
    isTouched ||= ledger.wasHealed(line);
  });
  const bad: InventoryLine[] = [];
  for (const line of keys.filter(isDoubtful)) {
    if (ledger.isSettled(line)) continue;
    if (Buffer.isBuffer(await fetchCurrent(to.store, line, wait))) ledger.findWhole(line);
    else bad.push(line);
  }
  const [first] = bad;
  if (first !== undefined) {
    const lost = await refusedOr(first, () => giveKeys(task, record, keys, wait));
    for (const line of bad) tell(ledger, line, lost, false);
  }
  if (isTouched || keys.some((line) => isDoubtful(line) && ledger.wasHealed(line)))
    ledger.touch(record.backup);
}

/** What the record names, as far as that can be told. */
async function* readable(task: HealTask, ledger: HealLedger, wait: Waiting): AsyncGenerator<InventoryLine> {
  try {
    yield* namedLines(task.record, sourcesFor(task), wait);
  } catch (error) {
    ledger.lose(lostInventory(task.record, error, wait));
  }
}

async function healObject(
  task: HealTask,
  line: InventoryLine,
  ledger: HealLedger,
  wait: Waiting,
): Promise<void> {
  const { to, record } = task;
  const lying = await fetchCurrent(to.store, line, wait);
  if (Buffer.isBuffer(lying)) {
    ledger.findWhole(line);
    return;
  }
  if (lying === "altered" && (await trueLength(to.store, line, wait)) !== null) {
    const reason = `it names ${line.key} with another length than it has`;
    ledger.lose({ key: inventoryKey(record.tenant, record.backup), reason, mayReturn: false });
    return;
  }
  const lost = await refusedOr(line, () => bringObject(task, line, wait));
  tell(ledger, line, lost, lying === "absent");
}

function tell(ledger: HealLedger, line: InventoryLine, lost: Lost | null, wasMissing: boolean): void {
  if (lost === null) ledger.heal(line, line.bytes, wasMissing);
  else ledger.lose({ ...lost, key: line.key }, line);
}

/** A store that will not take this one object, for a lock or for what lies there, may well take the others. */
async function refusedOr({ key }: InventoryLine, work: () => Promise<Lost | null>): Promise<Lost | null> {
  try {
    return await work();
  } catch (error) {
    const isOfObject =
      isFailure(error, "store/refused") ||
      isFailure(error, "store/corrupt") ||
      isFailure(error, "store/absent") ||
      isFailure(error, "format/invalid");
    if (!isOfObject) throw error;
    return { key, reason: error.message, mayReturn: !isFailure(error, "format/invalid") };
  }
}
