import { hash } from "node:crypto";
import { Failure } from "../base/failure.ts";
import { recipientOf } from "./host-keys.ts";
import type { KeySet } from "./key-set.ts";
import { openSmall } from "./small-age.ts";
import type { TenantKeys } from "./tenant-keys.ts";

/**
 * The keys of a generation as this host may hold them: what is not sealed to `hostIdentity` (null: no
 * identity at all) is null. What opens and is not what was signed is "keys/signature": an id key
 * without the commitment, an identity of another recipient. Altered: "sealing/damaged".
 */
export async function openKeySet(keySet: KeySet, hostIdentity: string | null): Promise<TenantKeys> {
  const keys = await openToName(keySet, hostIdentity);
  if (hostIdentity === null) return keys;
  const [identityObject] = keySet.objects;
  const identityText = await openSmall(identityObject.body, hostIdentity);
  return { ...keys, identity: identityText === null ? null : await checkedIdentity(identityText, keySet) };
}

/** As `openKeySet`, but without what reads: a backup has no use for it, and should not hold it. */
export async function openToName(keySet: KeySet, hostIdentity: string | null): Promise<TenantKeys> {
  const { generation, statement } = keySet;
  const [, idObject] = keySet.objects;
  const idText = hostIdentity === null ? null : await openSmall(idObject.body, hostIdentity);
  return {
    generation,
    statement,
    recipient: statement.recipient,
    idKey: idText === null ? null : checkedIdKey(idText, keySet),
    identity: null,
  };
}

/** SHA-256 over the ASCII text `holdfast id key v1`, a zero byte and the id key. */
export function idKeyCommitment(idKey: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from("holdfast id key v1\0", "ascii"), idKey]), "hex");
}

/** As `n.id.age` holds it: 64 hex digits and a newline, so that a shell can work with it. */
export function idKeyText(idKey: Uint8Array): string {
  return `${Buffer.from(idKey).toString("hex")}\n`;
}

function checkedIdKey(text: string, { statement, objects }: KeySet): Uint8Array {
  const idKey = /^[0-9a-f]{64}\n$/.test(text) ? Buffer.from(text.trim(), "hex") : null;
  if (idKey !== null && idKeyCommitment(idKey) === statement.idKeyCommitment) return idKey;
  throw new Failure("keys/signature", `${objects[1].key} does not hold the id key its statement commits to`);
}

async function checkedIdentity(text: string, { statement, objects }: KeySet): Promise<string> {
  const identity = text.trim();
  if ((await recipientOf(identity)) === statement.recipient) return identity;
  throw new Failure("keys/signature", `${objects[0].key} does not hold the identity of the signed recipient`);
}
