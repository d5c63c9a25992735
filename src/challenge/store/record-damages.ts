/** The record, on which everything hangs: lost, altered, replayed, or signed by whom nobody asked. */
import { sha256 } from "../../base/digest.ts";
import type { Signer } from "../../keys/signing.ts";
import { sealSmall } from "../../keys/small-age.ts";
import { type BackupId, backupId, type ObjectKey, objectKey, type TenantId } from "../../model/ids.ts";
import { compactUtc } from "../../base/clock.ts";
import { inventoryKey, recordKey } from "../../model/layout.ts";
import { encodeInventory } from "../../repository/inventory.ts";
import { objectOfRows } from "./chosen-objects.ts";
import { altered, bitFlipped } from "./folder.ts";
import { type Payload, payloadOf, unsigned, withPayload } from "./jws.ts";
import { refuted, storeDamage, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

const yearMs = 365 * 24 * 60 * 60 * 1000;

export const recordDamages: readonly StoreDamage[] = [
  storeDamage({ name: "record-missing", title: "the record is missing", expected: "missing" }, (stores) =>
    stores.folder.remove(recordOf(stores)),
  ),
  ofRecord("record-emptied", "the record has no bytes left", / is not believed: /, () => Buffer.alloc(0)),
  ofRecord("record-bit-flipped", "one bit of the record is flipped", / is not believed: /, (bytes) =>
    bitFlipped(bytes, bytes.length >> 1),
  ),
  ofRecord(
    "record-signature-altered",
    "one letter of the record's signature is changed",
    / is not believed: .*(?:signature does not match|not a compact JWS)/,
    (bytes) => bitFlipped(bytes, -10),
  ),
  ofRecord(
    "record-unsigned",
    "the record has no signature and says that it needs none",
    / is not believed: /,
    unsigned,
  ),
  ofRecord(
    "record-edited",
    "the record's text was changed under its signature",
    / is not believed: .*signature does not match/,
    (bytes) => withPayload(bytes, { plainBytes: 1 }),
  ),
  refuted(
    "record-of-last-week",
    "the record is that of last week's backup",
    / is not believed: it is the record of /,
    async (stores) => {
      const last = recordKey(stores.tenant, stores.older);
      await stores.folder.put(recordOf(stores), await stores.folder.read(last));
    },
  ),
  refuted(
    "record-of-another-tenant",
    "the record is that of another tenant",
    / is not believed: it is a record of tenant /,
    async (stores) => {
      const { folder, neighbour, neighbours } = stores;
      await folder.put(recordOf(stores), await folder.read(recordKey(neighbour, neighbours)));
    },
  ),
  refuted(
    "record-of-tenant-renamed",
    "a record of another tenant was given this tenant's name",
    / is not believed: .*signature does not match/,
    async (stores) => {
      const { folder, neighbour, neighbours, tenant, newest } = stores;
      const theirs = await folder.read(recordKey(neighbour, neighbours));
      await folder.put(recordOf(stores), withPayload(theirs, { tenant, backup: newest }));
    },
  ),
  signed(
    "record-by-stranger",
    "the record is signed by a stranger",
    / is not believed: .*signer \S+ is unknown/,
    ({ signers }) => signers.stranger,
  ),
  signed(
    "record-by-verifier",
    "the record is signed by a key that may only sign proofs",
    / is not believed: .*signer \S+ may not sign/,
    ({ signers }) => signers.verifier,
  ),
  refuted(
    "record-signed-as-proof",
    "the record is signed by the right key, but as a proof",
    / is not believed: .*not signed as a record/,
    async (stores) => {
      const said = payloadOf(await stores.folder.read(recordOf(stores)));
      await stores.folder.put(recordOf(stores), await stores.signers.own.sign("proof", said));
    },
  ),
  refuted(
    "copy-forged-throughout",
    "object, inventory and record were forged by who writes the store",
    / is not believed: .*signer \S+ is unknown/,
    forgeThroughout,
  ),
  storeDamage(
    {
      name: "record-from-the-future",
      title: "a record a year ahead would be the newest for a year",
      says: /lies in the future$/,
      expected: "not-believed",
    },
    async (stores) => {
      const at = new Date(stores.now().getTime() + yearMs);
      const backup = backupId.parse(`${compactUtc(at)}-aaaaaa`);
      await copyDocuments(stores, backup);
      const times = { at: at.toISOString(), startedAt: at.toISOString(), finishedAt: at.toISOString() };
      await putRecord(stores, backup, stores.signers.own, { ...times, backup });
      return { backup };
    },
  ),
  storeDamage(
    {
      name: "backup-invented",
      title: "a backup newer than all others is signed by a stranger",
      says: /its signer \S+ is unknown$/,
      expected: "not-believed",
    },
    async (stores) => {
      const at = stores.now();
      const backup = backupId.parse(`${compactUtc(at)}-777777`);
      await copyDocuments(stores, backup);
      await putRecord(stores, backup, stores.signers.stranger, { backup, at: at.toISOString() });
      return { backup };
    },
  ),
  storeDamage(
    {
      name: "older-record-missing",
      title: "the record of an older backup is missing",
      expected: "missing",
      says: /shows no copy/,
    },
    async ({ folder, tenant, older }) => {
      await folder.remove(recordKey(tenant, older));
      return { backup: older };
    },
  ),
  storeDamage(
    {
      name: "older-record-missing-everywhere",
      title: "the record of an older backup is missing in every store",
      expected: "missing",
      says: /names it as the one before/,
    },
    async ({ folder, other, tenant, older }) => {
      for (const each of [folder, other]) await each.remove(recordKey(tenant, older));
      return { backup: older };
    },
  ),
  storeDamage(
    {
      name: "store-of-last-week",
      title: "the whole store is put back to what it was last week",
      expected: "missing",
    },
    ({ folder, lastWeek }) => folder.becomes(lastWeek),
  ),
];

function recordOf({ tenant, newest }: StoresToDamage): ObjectKey {
  return recordKey(tenant, newest);
}

function ofRecord(
  name: string,
  title: string,
  says: RegExp,
  alter: (bytes: Buffer) => Uint8Array,
): StoreDamage {
  return refuted(name, title, says, (stores) => altered(stores.folder, recordOf(stores), alter));
}

/** The same statement, word for word, by somebody else. */
function signed(
  name: string,
  title: string,
  says: RegExp,
  by: (stores: StoresToDamage) => Signer,
): StoreDamage {
  return refuted(name, title, says, (stores) => putRecord(stores, stores.newest, by(stores), {}));
}

export async function putRecord(
  stores: StoresToDamage,
  backup: BackupId,
  by: Signer,
  change: Payload,
): Promise<void> {
  const said = payloadOf(await stores.folder.read(recordOf(stores)));
  const jws = await by.sign("record", { ...said, ...change });
  await stores.folder.put(recordKey(stores.tenant, backup), jws);
}

/** So that nothing but the record itself speaks against the backup. */
async function copyDocuments({ folder, tenant, newest }: StoresToDamage, backup: BackupId): Promise<void> {
  for (const key of await folder.list(`${folderOf(tenant, newest)}/`)) {
    const name = key.slice(key.lastIndexOf("/") + 1);
    if (name === "record.jws") continue;
    const bytes = await folder.read(key);
    await folder.put(keyIn(tenant, backup, name), bytes);
  }
}

function folderOf(tenant: TenantId, backup: BackupId): string {
  const key = recordKey(tenant, backup);
  return key.slice(0, key.lastIndexOf("/"));
}

function keyIn(tenant: TenantId, backup: BackupId, name: string): ObjectKey {
  return objectKey.parse(`${folderOf(tenant, backup)}/${name}`);
}

/** All digests fit one another; only the signature at the top is not ours. */
async function forgeThroughout(stores: StoresToDamage): Promise<void> {
  const { folder, contents, tenant, newest, signers } = stores;
  const victim = objectOfRows(contents);
  const forged = await sealSmall("forged", [contents.recipient]);
  await folder.put(victim, forged);
  const lines = [...contents.inventory.values()].map((line) =>
    line.key === victim ? { ...line, bytes: forged.length, sha256: sha256(forged) } : line,
  );
  const inventory = await encodeInventory({ tenant, backup: newest }, lines);
  await folder.put(inventoryKey(tenant, newest), inventory);
  const document = { bytes: inventory.length, sha256: sha256(inventory) };
  await putRecord(stores, newest, signers.stranger, { inventory: document });
}
