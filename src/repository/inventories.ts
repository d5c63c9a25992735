/** The inventory of a record, from whichever store holds the bytes that the record vouches for. */
import type { Waiting } from "../base/waiting.ts";
import { type BackupRecord, type InventoryLine } from "../model/documents.ts";
import { inventoryKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { type Damage, fetchWhole } from "./fetch.ts";
import { decodeInventory } from "./inventory.ts";

/** Sorted by key. Throws as `fetchWhole` and `decodeInventory` do. */
export async function* readInventory(
  stores: readonly ObjectReader[],
  record: BackupRecord,
  onDamage: (damage: Damage) => void,
  wait: Waiting,
): AsyncGenerator<InventoryLine> {
  const { tenant, backup, inventory, objects } = record;
  const wanted = { key: inventoryKey(tenant, backup), ...inventory };
  const { body } = await fetchWhole(stores, wanted, { note: onDamage }, wait);
  yield* decodeInventory(body, { tenant, backup }, objects);
}
