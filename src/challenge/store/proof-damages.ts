/** Proofs that prove nothing: by whom nobody trusts for it, of something else, or edited. */
import { sha256 } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import type { Signer } from "../../keys/signing.ts";
import type { BackupId, ObjectKey, StoreName } from "../../model/ids.ts";
import { parseProofKey, proofKey, proofsPrefix, recordKey } from "../../model/layout.ts";
import type { Folder } from "./folder.ts";
import { type Payload, payloadOf, withPayload } from "./jws.ts";
import { storeDamage, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

const yearMs = 365 * 24 * 60 * 60 * 1000;

/** The copy on trial has no proof of its own, so that whatever makes it look proven is the forgery. */
export const proofDamages: readonly StoreDamage[] = [
  forged("proof-by-stranger", "a proof is signed by a stranger", ({ signers }) => signers.stranger),
  forged(
    "proof-by-worker",
    "a proof is signed by a key that may only sign records",
    ({ signers }) => signers.worker,
  ),
  forged("proof-of-former-record", "a proof is about another record", own, async (stores) => ({
    record: sha256(await stores.folder.read(recordKey(stores.tenant, stores.older))),
  })),
  forged("proof-of-former-store", "a proof is about a store that had this name before", own, () => ({
    storeId: "aaaaaaaaaaaaaaaa",
  })),
  forged("proof-of-another-tenant", "a proof is about another tenant", own, ({ neighbour }) => ({
    tenant: neighbour,
  })),
  forged("proof-from-the-future", "a proof is dated a year ahead", own, ({ now }) => ({
    at: new Date(now().getTime() + yearMs).toISOString(),
  })),
  forged("proof-inconclusive", "the proof of the right copy says that it is inconclusive", own, () => ({
    verdict: "inconclusive",
  })),
  unproven(
    "proof-signed-as-record",
    "a proof is signed by the right key, but as a record",
    async (stores) => {
      const said = await claim(stores, {});
      await putProof(stores, said, await stores.signers.own.sign("record", said));
    },
  ),
  unproven(
    "proof-verdict-edited",
    "a refutation was edited to say that the copy is proven",
    async (stores) => {
      const refutation = await claim(stores, { verdict: "refuted" });
      const jws = await stores.signers.own.sign("proof", refutation);
      await putProof(stores, refutation, withPayload(jws, { verdict: "proven" }));
    },
  ),
  unproven(
    "proof-of-another-store",
    "a real proof of the copy in the other store lies under this one's name",
    (stores) => misplaced(stores, stores.other, stores.newest),
  ),
  unproven(
    "proof-of-another-backup",
    "a real proof of last week's backup lies under this one's name",
    (stores) => misplaced(stores, stores.folder, stores.older),
  ),
];

function own({ signers }: StoresToDamage): Signer {
  return signers.own;
}

type Make = (stores: StoresToDamage) => Promise<void>;

function unproven(name: string, title: string, make: Make): StoreDamage {
  return storeDamage({ name, title, expected: "unproven" }, make);
}

/** A proof that fits in all but what `change` says, and is signed by whom it says. */
function forged(
  name: string,
  title: string,
  by: (stores: StoresToDamage) => Signer,
  change: (stores: StoresToDamage) => Payload | Promise<Payload> = () => ({}),
): StoreDamage {
  return unproven(name, title, async (stores) => {
    const said = await claim(stores, await change(stores));
    await putProof(stores, said, await by(stores).sign("proof", said));
  });
}

/** What an honest proof of the copy on trial would say, made from one of last week's backup, and then changed. */
export async function claim(stores: StoresToDamage, change: Payload): Promise<Payload> {
  const { folder, tenant, newest, older, now } = stores;
  const model = payloadOf(await folder.read(await proofIn(stores, folder, older)));
  const record = sha256(await folder.read(recordKey(tenant, newest)));
  return { ...model, backup: newest, record, at: now().toISOString(), ...change };
}

export async function putProof(stores: StoresToDamage, said: Payload, jws: Uint8Array): Promise<void> {
  const at = new Date(String(said["at"]));
  await stores.folder.put(
    proofKey({ tenant: stores.tenant, backup: stores.newest, store: stores.store, at }),
    jws,
  );
}

async function misplaced(stores: StoresToDamage, from: Folder, backup: BackupId): Promise<void> {
  const jws = await from.read(await proofIn(stores, from, backup));
  await putProof(stores, payloadOf(jws), jws);
}

/** A real proof of that backup, of the copy in the store that the folder is. */
async function proofIn(stores: StoresToDamage, folder: Folder, backup: BackupId): Promise<ObjectKey> {
  const store: StoreName = folder === stores.other ? stores.otherStore : stores.store;
  for (const key of await folder.list(`${proofsPrefix(stores.tenant)}${backup}/`)) {
    if (parseProofKey(key)?.store === store) return key;
  }
  throw new Failure("internal/bug", `the challenge has no proof of ${backup} in ${store}`);
}
