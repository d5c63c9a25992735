/** Which objects of an inventory have bytes that signed documents fix, so that whoever mends them cannot be misled. */
import { Failure } from "../base/failure.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import { keySetKeys, manifestKey, parseChunkKey } from "../model/layout.ts";

/**
 * Throws "format/invalid" for a line that a backup has no business to name with that digest: a chunk
 * whose key says another, a manifest that the record does not vouch for, an object of another backup.
 * A compromised signer of records could otherwise have what is good overwritten. The key objects are
 * those of the record's generation; what their bytes may be, their own signed statement says.
 */
export function demandFixed(record: BackupRecord, line: InventoryLine): void {
  if (isFixed(record, line)) return;
  throw new Failure(
    "format/invalid",
    `the inventory of ${record.backup} names ${line.key} with bytes that nothing fixes`,
  );
}

function isFixed({ tenant, backup, keyGeneration, manifest }: BackupRecord, line: InventoryLine): boolean {
  const chunk = parseChunkKey(line.key);
  if (chunk !== null) {
    return chunk.tenant === tenant && chunk.generation === keyGeneration && chunk.digest === line.sha256;
  }
  if (line.key === manifestKey(tenant, backup))
    return line.sha256 === manifest.sha256 && line.bytes === manifest.bytes;
  const keys = keySetKeys(tenant, keyGeneration);
  return [keys.statement, keys.identity, keys.id].includes(line.key);
}
