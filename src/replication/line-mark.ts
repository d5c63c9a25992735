import { type Sha256, sha256 } from "../base/digest.ts";
import type { InventoryLine } from "../model/documents.ts";
import { parseChunkKey } from "../model/layout.ts";

/** What tells an object with these bytes from any other; for a chunk, whose key says its digest, that digest. */
export function lineMark({ key, sha256: digest }: Pick<InventoryLine, "key" | "sha256">): Sha256 {
  return parseChunkKey(key)?.digest === digest ? digest : sha256(Buffer.from(`${key} ${digest}`));
}
