/** What a stolen host does that may sign records: everything fits its signature, and nothing is what it ought to be. */
import { sha256 } from "../../base/digest.ts";
import { newHostIdentity } from "../../keys/host-keys.ts";
import { sealSmall } from "../../keys/small-age.ts";
import type { InventoryLine } from "../../model/documents.ts";
import { inventoryKey, manifestKey } from "../../model/layout.ts";
import { encodeInventory } from "../../repository/inventory.ts";
import { objectOfRows } from "./chosen-objects.ts";
import type { Payload } from "./jws.ts";
import { putRecord } from "./record-damages.ts";
import { refuted, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

const terabyte = 1e12;

export const workerDamages: readonly StoreDamage[] = [
  refuted(
    "object-forged-by-worker",
    "a host that may sign records put other bytes under an object's name",
    /^object \S+\/chunks\/\S+: is not what it is named for$/,
    async (stores) => {
      const victim = objectOfRows(stores.contents);
      const forged = await sealSmall("forged", [stores.contents.recipient]);
      await stores.folder.put(victim, forged);
      const said = { bytes: forged.length, sha256: sha256(forged) };
      await signedByWorker(stores, (line) => (line.key === victim ? { ...line, ...said } : line));
    },
  ),
  refuted(
    "manifest-to-stranger-by-worker",
    "a host that may sign records sealed the manifest to somebody else",
    /sealed to somebody else/,
    async (stores) => {
      const key = manifestKey(stores.tenant, stores.newest);
      const { recipient } = await newHostIdentity();
      const sealed = await sealSmall(JSON.stringify(stores.contents.manifest), [recipient]);
      await stores.folder.put(key, sealed);
      const manifest = { bytes: sealed.length, sha256: sha256(sealed) };
      const change = (line: InventoryLine): InventoryLine =>
        line.key === key ? { ...line, ...manifest } : line;
      await signedByWorker(stores, change, { manifest });
    },
  ),
  refuted(
    "object-without-end-by-worker",
    "a host that may sign records says that an object has a terabyte",
    /longer than any chunk/,
    async (stores) => {
      const victim = objectOfRows(stores.contents);
      await signedByWorker(stores, (line) => (line.key === victim ? { ...line, bytes: terabyte } : line));
    },
  ),
  refuted(
    "inventory-without-end-by-worker",
    "a host that may sign records says that the inventory names a thousand million objects",
    /names more than any backup has/,
    (stores) => signedByWorker(stores, (line) => line, { objects: 1e9 }),
  ),
];

/** All digests fit one another, and the signature at the top is trusted. */
async function signedByWorker(
  stores: StoresToDamage,
  change: (line: InventoryLine) => InventoryLine,
  said: Payload = {},
): Promise<void> {
  const { folder, contents, tenant, newest, signers } = stores;
  const lines = [...contents.inventory.values()].map(change);
  const inventory = await encodeInventory({ tenant, backup: newest }, lines);
  await folder.put(inventoryKey(tenant, newest), inventory);
  const document = { bytes: inventory.length, sha256: sha256(inventory) };
  await putRecord(stores, newest, signers.worker, { inventory: document, ...said });
}
