/** Manifest, inventory, keys and the store's own descriptor: lost, altered, or those of somebody else. */
import { sealSmall } from "../../keys/small-age.ts";
import type { ObjectKey } from "../../model/ids.ts";
import { descriptorKey, inventoryKey, keySetKeys, type KeySetKeys, manifestKey } from "../../model/layout.ts";
import { altered, bitFlipped, exchanged } from "./folder.ts";
import { payloadOf } from "./jws.ts";
import { refuted, storeDamage, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

/** The tenants of a challenge are new: they have one generation of keys each. */
const generation = 1;

export const documentDamages: readonly StoreDamage[] = [
  ...ofDocument("manifest", manifestOf),
  ...ofDocument("inventory", inventoryOf),
  refuted("manifest-emptied", "the manifest has no bytes left", /manifest\.age is altered/, (stores) =>
    stores.folder.put(manifestOf(stores), Buffer.alloc(0)),
  ),
  refuted(
    "manifest-forged",
    "the manifest was sealed anew to the tenant's own recipient",
    /manifest\.age is altered/,
    async (stores) => {
      const text = JSON.stringify(stores.contents.manifest);
      await stores.folder.put(manifestOf(stores), await sealSmall(text, [stores.contents.recipient]));
    },
  ),
  refuted(
    "manifest-and-inventory-exchanged",
    "manifest and inventory have changed places",
    /(?:manifest\.age|inventory\.zst) is altered/,
    (stores) => exchanged(stores.folder, manifestOf(stores), inventoryOf(stores)),
  ),
  refuted(
    "documents-of-last-week",
    "manifest and inventory are both those of last week",
    /(?:manifest\.age|inventory\.zst) is altered/,
    async (stores) => {
      const last = { ...stores, newest: stores.older };
      await stores.folder.put(manifestOf(stores), await stores.folder.read(manifestOf(last)));
      await stores.folder.put(inventoryOf(stores), await stores.folder.read(inventoryOf(last)));
    },
  ),
  refuted(
    "documents-of-another-tenant",
    "manifest and inventory are those of another tenant",
    /(?:manifest\.age|inventory\.zst) is altered/,
    async (stores) => {
      const { folder, neighbour, neighbours } = stores;
      await folder.put(manifestOf(stores), await folder.read(manifestKey(neighbour, neighbours)));
      await folder.put(inventoryOf(stores), await folder.read(inventoryKey(neighbour, neighbours)));
    },
  ),
  ofKeys(
    "key-identity-missing",
    "the tenant's sealed identity is missing",
    /\/1\.identity\.age /,
    (stores, { identity }) => stores.folder.remove(identity),
  ),
  ofKeys(
    "key-identity-altered",
    "one bit of the tenant's sealed identity is flipped",
    /\/1\.identity\.age /,
    (stores, { identity }) => altered(stores.folder, identity, (bytes) => bitFlipped(bytes, -1)),
  ),
  ofKeys(
    "key-identity-of-another-tenant",
    "the sealed identity is that of another tenant",
    /\/1\.identity\.age /,
    async (stores, keys) => {
      const { folder, neighbour } = stores;
      await folder.put(keys.identity, await folder.read(keySetKeys(neighbour, generation).identity));
    },
  ),
  ofKeys("key-id-missing", "the sealed id key is missing", /\/1\.id\.age /, (stores, { id }) =>
    stores.folder.remove(id),
  ),
  ofKeys("key-id-altered", "one bit of the sealed id key is flipped", /\/1\.id\.age /, (stores, { id }) =>
    altered(stores.folder, id, (bytes) => bitFlipped(bytes, -1)),
  ),
  ofKeys(
    "key-statement-missing",
    "the signed statement of the keys is missing",
    /\/1\.jws /,
    (stores, { statement }) => stores.folder.remove(statement),
  ),
  ofKeys(
    "key-statement-altered",
    "one letter of the signed statement of the keys is changed",
    /the document cannot be trusted/,
    (stores, keys) => altered(stores.folder, keys.statement, (bytes) => bitFlipped(bytes, -1)),
  ),
  ofKeys(
    "key-statement-of-another-tenant",
    "the statement of the keys is another tenant's",
    /\/1\.jws /,
    async (stores, keys) => {
      const { folder, neighbour } = stores;
      await folder.put(keys.statement, await folder.read(keySetKeys(neighbour, generation).statement));
    },
  ),
  ofKeys(
    "keys-by-stranger",
    "the statement of the keys is signed by a stranger",
    /its signer \S+ is unknown/,
    async (stores, keys) => {
      const said = payloadOf(await stores.folder.read(keys.statement));
      await stores.folder.put(keys.statement, await stores.signers.stranger.sign("key", said));
    },
  ),
  storeDamage(
    {
      name: "descriptor-missing",
      title: "the store has lost the file that says which store it is",
      says: /holds no holdfast\.json/,
      expected: "unproven",
    },
    async ({ folder, older }) => {
      await folder.remove(descriptorKey);
      return { backup: older };
    },
  ),
  storeDamage(
    {
      name: "descriptor-of-another-store",
      title: "the store says that it is another store",
      expected: "unproven",
    },
    async ({ folder, other, older }) => {
      await folder.put(descriptorKey, await other.read(descriptorKey));
      return { backup: older };
    },
  ),
];

function manifestOf({ tenant, newest }: StoresToDamage): ObjectKey {
  return manifestKey(tenant, newest);
}

function inventoryOf({ tenant, newest }: StoresToDamage): ObjectKey {
  return inventoryKey(tenant, newest);
}

function ofDocument(document: string, keyOf: (stores: StoresToDamage) => ObjectKey): readonly StoreDamage[] {
  const missing = new RegExp(`/${document}\\.[a-z]+ is missing`);
  const isAltered = new RegExp(`/${document}\\.[a-z]+ is altered`);
  return [
    refuted(`${document}-missing`, `the ${document} is missing`, missing, (stores) =>
      stores.folder.remove(keyOf(stores)),
    ),
    refuted(
      `${document}-bytes-appended`,
      `bytes stand behind the end of the ${document}`,
      isAltered,
      (stores) =>
        altered(stores.folder, keyOf(stores), (bytes) => Buffer.concat([bytes, Buffer.from("and more")])),
    ),
    refuted(`${document}-bit-flipped`, `one bit of the ${document} is flipped`, isAltered, (stores) =>
      altered(stores.folder, keyOf(stores), (bytes) => bitFlipped(bytes, bytes.length >> 1)),
    ),
    refuted(`${document}-one-byte-short`, `the ${document} lacks its last byte`, isAltered, (stores) =>
      altered(stores.folder, keyOf(stores), (bytes) => bytes.subarray(0, -1)),
    ),
    refuted(`${document}-of-last-week`, `the ${document} is that of last week`, isAltered, async (stores) => {
      const last = keyOf({ ...stores, newest: stores.older });
      await stores.folder.put(keyOf(stores), await stores.folder.read(last));
    }),
  ];
}

function ofKeys(
  name: string,
  title: string,
  says: RegExp,
  make: (stores: StoresToDamage, keys: KeySetKeys) => Promise<void>,
): StoreDamage {
  return refuted(name, title, says, (stores) => make(stores, keySetKeys(stores.tenant, generation)));
}
