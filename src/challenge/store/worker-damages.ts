/** What a stolen host does that may sign records: everything fits its signature, and nothing is what it ought to be. */
import { sha256 } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import { newHostIdentity } from "../../keys/host-keys.ts";
import type { BackupRecord, InventoryLine } from "../../model/documents.ts";
import { chunkKey, inventoryKey, manifestKey, parseChunkKey } from "../../model/layout.ts";
import type { Manifest } from "../../model/manifest.ts";
import { encodeInventory } from "../../repository/inventory.ts";
import { encodeManifest } from "../../repository/manifest.ts";
import { seal } from "../../sealing/seal.ts";
import { objectOfRows } from "./chosen-objects.ts";
import { putRecord } from "./record-damages.ts";
import { refuted, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

const terabyte = 1e12;
const zstdLevel = 3;

export const workerDamages: readonly StoreDamage[] = [
  refuted(
    "object-forged-by-worker",
    "a host that may sign records put other rows under an object's name",
    /^object \S+\/chunks\/\S+: is not what it is named for$/,
    async (stores) => {
      const { contents, folder, tenant } = stores;
      const victim = objectOfRows(contents);
      const chunk = parseChunkKey(victim);
      if (chunk === null) throw new Failure("internal/bug", "an object of rows is no chunk");
      const { recipient, manifest } = contents;
      const streams = manifest.streams.map((stream) => ({ ...stream, chunks: [...stream.chunks] }));
      const bytes = streams.flatMap(({ chunks }) => chunks).find(({ key }) => key === victim)?.bytes ?? 0;
      const forged = await seal(Buffer.alloc(bytes, "other rows\n"), [recipient], zstdLevel);
      const key = chunkKey(tenant, { ...chunk, digest: forged.sha256 });
      await folder.put(key, forged.body);
      for (const { chunks } of streams)
        for (const [at, one] of chunks.entries()) if (one.key === victim) chunks[at] = { ...one, key };
      const said = await putManifest(stores, { ...manifest, streams }, recipient);
      const { sha256: digest } = forged;
      await signedByWorker(
        stores,
        (line) => (line.key === victim ? { key, bytes: forged.body.length, sha256: digest } : line),
        said,
      );
    },
  ),
  refuted(
    "manifest-to-stranger-by-worker",
    "a host that may sign records sealed the manifest to somebody else",
    /sealed to somebody else/,
    async (stores) => {
      const { recipient } = await newHostIdentity();
      const said = await putManifest(stores, stores.contents.manifest, recipient);
      await signedByWorker(stores, (line) => line, said);
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

async function putManifest(
  { folder, tenant, newest }: StoresToDamage,
  manifest: Manifest,
  recipient: string,
): Promise<{ readonly manifest: BackupRecord["manifest"] }> {
  const { body, sha256: digest } = await seal(encodeManifest(manifest), [recipient], zstdLevel);
  await folder.put(manifestKey(tenant, newest), body);
  return { manifest: { bytes: body.length, sha256: digest } };
}

/** All digests fit one another, and the signature at the top is trusted. */
async function signedByWorker(
  stores: StoresToDamage,
  change: (line: InventoryLine) => InventoryLine,
  said: Partial<BackupRecord> = {},
): Promise<void> {
  const { folder, contents, tenant, newest, signers } = stores;
  const manifestAt = manifestKey(tenant, newest);
  const lines = [...contents.inventory.values()]
    .map(change)
    .map((line) => (line.key === manifestAt ? { ...line, ...said.manifest } : line));
  const inventory = await encodeInventory({ tenant, backup: newest }, lines);
  await folder.put(inventoryKey(tenant, newest), inventory);
  const document = { bytes: inventory.length, sha256: sha256(inventory) };
  await putRecord(stores, newest, signers.worker, { ...said, inventory: document });
}
