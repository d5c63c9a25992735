/** Comparing an inventory with a listing in one pass: both are sorted by key. */
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectStat } from "../stores/store.ts";

/** The lines whose key the listing does not show, or shows with another size. */
export async function lacking(
  lines: readonly InventoryLine[],
  listing: AsyncIterable<ObjectStat>,
): Promise<readonly InventoryLine[]> {
  const missing: InventoryLine[] = [];
  let next = 0;
  for await (const { key, bytes } of listing) {
    for (let line = lines[next]; line !== undefined && line.key < key; line = lines[next]) {
      missing.push(line);
      next += 1;
    }
    const line = lines[next];
    if (line?.key !== key) continue;
    if (line.bytes !== bytes) missing.push(line);
    next += 1;
  }
  return missing.concat(lines.slice(next));
}
