/** All that a backup names, its inventory included, and nothing that it has no business to name. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import { inventoryKey, manifestKey } from "../model/layout.ts";
import { isDamage } from "../repository/damage.ts";
import { demandFixed } from "../repository/fixed-bytes.ts";
import { readInventory } from "../repository/inventories.ts";
import type { ObjectReader } from "../stores/store.ts";
import { PackedLines } from "./packed-lines.ts";
import type { Lost } from "./place-object.ts";

/** In no order that anybody may rely on. Throws as `readInventory` does, and "format/invalid". */
export async function* namedLines(
  record: BackupRecord,
  sources: readonly ObjectReader[],
  wait: Waiting,
): AsyncGenerator<InventoryLine> {
  let lock: string | undefined;
  for await (const line of readInventory(sources, record, () => undefined, wait)) {
    demandFixed(record, line);
    if (line.key === manifestKey(record.tenant, record.backup)) lock = line.lockedUntil;
    yield line;
  }
  const inventory = { key: inventoryKey(record.tenant, record.backup), ...record.inventory };
  yield lock === undefined ? inventory : { ...inventory, lockedUntil: lock };
}

/** An inventory that cannot be had is a loss, not a failure of the store that the copy goes to. */
export async function linesOrLost(
  record: BackupRecord,
  sources: readonly ObjectReader[],
  wait: Waiting,
): Promise<PackedLines | Lost> {
  const lines = new PackedLines();
  try {
    for await (const line of namedLines(record, sources, wait)) lines.add(line);
    return lines;
  } catch (error) {
    return lostInventory(record, error, wait);
  }
}

/** Throws on what is no failure of a store or document. */
export function lostInventory(record: BackupRecord, error: unknown, wait: Waiting): Lost {
  if (!isFailure(error) || wait.signal.aborted) throw error;
  const key = inventoryKey(record.tenant, record.backup);
  return { key, reason: error.message, mayReturn: !isDamage(error) };
}
