/**
 * One generation born in one store (design, section 7; trap 24). Several hosts may try at once: one of
 * them wins, by create-only, and everybody takes the winner's bytes.
 */
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { isFailure } from "../base/failure.ts";
import { outlasting, pause, stillWaiting, type Waiting } from "../base/waiting.ts";
import type { KeyStatement } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { keySetKeys } from "../model/layout.ts";
import { recipientSuite } from "../model/recipient-suite.ts";
import { createUnlessTaken } from "./create-unless-taken.ts";
import { newHostIdentity } from "./host-keys.ts";
import { type KeyObject, type KeySet, readKeySet } from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";
import { idKeyCommitment, idKeyText } from "./open-key-set.ts";
import type { Signer, TrustRing } from "./signing.ts";
import { sealSmall } from "./small-age.ts";

/** `age1…` of the hosts by role; all X25519 or all post-quantum. */
export interface KeyHolders {
  /** Of the tenant's source; they name chunks and cannot read. */
  readonly workers: readonly string[];
  readonly verifiers: readonly string[];
  readonly restorers: readonly string[];
  readonly escrow: readonly string[];
}

export interface Mint {
  readonly holders: KeyHolders;
  readonly signer: Signer;
  readonly trust: TrustRing;
  readonly clock: Clock;
  readonly chance: Chance;
  /** How often, and how long apart, to look for the statement of a host that was quicker. Default 20 times 500 ms. */
  readonly patience?: { readonly looks: number; readonly everyMs: number };
}

/** Where, when and as what a generation is to be born. */
interface Birth {
  readonly store: KeyStore;
  readonly tenant: TenantId;
  readonly generation: number;
  /** A `birthTime`. */
  readonly at: Date;
}

const defaultPatience = { looks: 20, everyMs: 500 };
/** So long others wait for one who has begun, and as long goes on who is told to end meanwhile. */
const outlastMs = defaultPatience.looks * defaultPatience.everyMs;

/**
 * The generation as it stands in the store in the end, ours or the winner's; null when somebody began it
 * and will not end it. Whoever creates the identity has won and writes the rest; the statement comes
 * last, so that nothing half-made is ever used. A wait that ends meanwhile leaves nothing half-made where the
 * store answers: who comes next would wait for the rest in vain, and one generation more would be spent.
 */
export async function bornIn(birth: Birth, mint: Mint, wait: Waiting): Promise<KeySet | null> {
  const isOurs = await written(await newKeyObjects(birth, mint), birth.store, wait);
  if (!isOurs) return winners(birth, mint, wait);
  // All three are read back from the store itself: where it cannot create only, any of them may have been written
  // over by now, and the one who wrote last has won. A statement that names other bytes makes none of them count.
  return readOrNull(birth, mint, wait);
}

/** False when somebody else was quicker with one of the first two. */
async function written(
  [identity, id, statement]: readonly [KeyObject, KeyObject, KeyObject],
  store: KeyStore,
  wait: Waiting,
): Promise<boolean> {
  stillWaiting(wait);
  using shielded = outlasting(wait, outlastMs);
  for (const object of [identity, id]) if (!(await createUnlessTaken(object, store, shielded))) return false;
  // Whoever has the other two has this one; what somebody else put there in spite of that is read.
  await createUnlessTaken(statement, store, shielded);
  return true;
}

async function winners(birth: Birth, mint: Mint, wait: Waiting): Promise<KeySet | null> {
  const { looks, everyMs } = mint.patience ?? defaultPatience;
  for (let look = 1; ; look += 1) {
    const keySet = await readOrNull(birth, mint, wait);
    if (keySet !== null || look >= looks) return keySet;
    await pause(everyMs, wait);
  }
}

/** Null when it is incomplete or does not match itself; a statement that is forged is thrown (trap 24). */
async function readOrNull(birth: Birth, { trust }: Mint, wait: Waiting): Promise<KeySet | null> {
  try {
    return await readKeySet(birth, trust, wait);
  } catch (error) {
    if (isFailure(error, "store/absent") || isFailure(error, "store/corrupt")) return null;
    throw error;
  }
}

async function newKeyObjects(
  { tenant, generation, at }: Birth,
  { holders, signer, chance }: Mint,
): Promise<readonly [KeyObject, KeyObject, KeyObject]> {
  const readers = [...holders.verifiers, ...holders.restorers, ...holders.escrow];
  const everyone = [...readers, ...holders.workers];
  // The tenant's own identity is of the same suite: a stronger lock on a weaker box is none.
  const { identity, recipient } = await newHostIdentity(recipientSuite(everyone));
  const idKey = chance(32);
  const keys = keySetKeys(tenant, generation);
  const identityObject = { key: keys.identity, body: await sealSmall(`${identity}\n`, readers) };
  const idObject = { key: keys.id, body: await sealSmall(idKeyText(idKey), everyone) };
  const statement: KeyStatement = {
    format: { name: "holdfast-key", version: 1 },
    tenant,
    generation,
    recipient,
    idKeyCommitment: idKeyCommitment(idKey),
    identity: measured(identityObject.body),
    id: measured(idObject.body),
    createdAt: at.toISOString(),
  };
  const body = Buffer.from(await signer.sign("key", statement));
  return [identityObject, idObject, { key: keys.statement, body }];
}

function measured(body: Buffer): { bytes: number; sha256: string } {
  return { bytes: body.length, sha256: sha256(body) };
}
