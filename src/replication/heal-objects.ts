import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import { keysPrefix } from "../model/layout.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { giveKeys } from "./give-keys.ts";
import type { Ground, MendingShelf } from "./ground.ts";
import type { HealLedger } from "./heal-ledger.ts";
import { bringObject, type Lost } from "./place-object.ts";

export interface HealTask {
  readonly ground: Ground;
  readonly to: MendingShelf;
  readonly record: BackupRecord;
  /** All that the backup names. */
  readonly lines: readonly InventoryLine[];
  /** Those of `lines` that are missing, or may be damaged. */
  readonly doubtful: readonly InventoryLine[];
}

const objectsAtOnce = 4;

/** Looks at each doubtful object, mends the bad ones, and tells the ledger. Throws when the store itself fails. */
export async function healObjects(task: HealTask, ledger: HealLedger, wait: Waiting): Promise<void> {
  const { ground, to, record, lines, doubtful } = task;
  const isKey = ({ key }: InventoryLine): boolean => key.startsWith(keysPrefix(record.tenant));
  const bad: InventoryLine[] = [];
  await eachAtOnce(
    doubtful.filter(({ key }) => !ledger.isSettled(key)),
    objectsAtOnce,
    async (line) => {
      if (Buffer.isBuffer(await fetchCurrent(to.store, line, wait))) ledger.findWhole(line.key);
      else if (ground.condemned.keys.has(line.key))
        ledger.lose({ key: line.key, reason: "it is condemned", mayReturn: false });
      else if (isKey(line)) bad.push(line);
      else tell(ledger, line, await refusedOr(line, () => bringObject(ground, to, line, wait)));
    },
  );
  const [first] = bad;
  if (first !== undefined) {
    const lost = await refusedOr(first, () => giveKeys(ground, to, record, lines.filter(isKey), wait));
    for (const line of bad) tell(ledger, line, lost);
  }
  if (doubtful.some(({ key }) => ledger.wasHealed(key))) ledger.touch(record.backup);
}

function tell(ledger: HealLedger, { key, bytes }: InventoryLine, lost: Lost | null): void {
  if (lost === null) ledger.heal(key, bytes);
  else ledger.lose({ ...lost, key });
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
