import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import { parseChunkKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { fetchCurrent } from "./fetch.ts";

/**
 * The length of a chunk that is whole by the digest in its own key while an inventory says another length:
 * then the inventory lies, and the chunk, on which other backups may rest, is not damaged. Null for
 * anything else.
 */
export async function trueLength(
  store: ObjectReader,
  { key, bytes }: InventoryLine,
  wait: Waiting,
): Promise<number | null> {
  const chunk = parseChunkKey(key);
  const stat = chunk === null ? null : await store.stat(key, wait);
  if (chunk === null || stat === null || stat.bytes === bytes) return null;
  const wanted = { key, bytes: stat.bytes, sha256: chunk.digest };
  return Buffer.isBuffer(await fetchCurrent(store, wanted, wait)) ? stat.bytes : null;
}
