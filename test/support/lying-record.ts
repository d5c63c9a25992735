/** A backup that a signer of records made up: its inventory says of the objects of a good one whatever `twist` makes of its lines. */
import { sha256 } from "../../src/base/digest.ts";
import { type BackupRecord, backupRecord, type InventoryLine } from "../../src/model/documents.ts";
import { type BackupId, backupId } from "../../src/model/ids.ts";
import { inventoryKey, manifestKey, recordKey } from "../../src/model/layout.ts";
import { decodeInventory, encodeInventory } from "../../src/repository/inventory.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { House } from "./repository-fixture.ts";

export async function writeLie(
  house: House,
  stores: readonly MemoryStore[],
  good: BackupId,
  twist: (line: InventoryLine) => InventoryLine,
  sealedManifest: (backup: BackupId) => Promise<Uint8Array> = async () => Buffer.from("made up"),
): Promise<BackupId> {
  const { tenant } = house;
  const [first] = stores;
  if (first === undefined) throw new Error("no store");
  const record = recordIn(first, house, good);
  const owner = { tenant, backup: good };
  const body = first.bodyOf(inventoryKey(tenant, good));
  const lines = await Array.fromAsync(decodeInventory(body, owner, record.objects));
  const backup = backupId.parse(`${good.slice(0, 16)}-zzzzzz`);
  const manifest = await sealedManifest(backup);
  const measured = { bytes: manifest.length, sha256: sha256(manifest) };
  const others = lines.filter(({ key }) => !key.endsWith("manifest.age")).map(twist);
  const named = [...others, { key: manifestKey(tenant, backup), ...measured }];
  const inventory = await encodeInventory({ tenant, backup }, named);
  const lie: BackupRecord = {
    ...record,
    backup,
    manifest: measured,
    inventory: { bytes: inventory.length, sha256: sha256(inventory) },
    objects: named.length,
  };
  const signed = await house.signer.sign("record", lie);
  for (const store of stores) {
    store.overwrite(manifestKey(tenant, backup), manifest);
    store.overwrite(inventoryKey(tenant, backup), inventory);
    store.overwrite(recordKey(tenant, backup), signed);
  }
  return backup;
}

export function recordIn(store: MemoryStore, { tenant }: House, backup: BackupId): BackupRecord {
  const [, payload = ""] = store.bodyOf(recordKey(tenant, backup)).toString("latin1").split(".");
  return backupRecord.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
}
