/**
 * Making key sets (design, section 7; trap 24). Several hosts may do so at once: the tenant's first
 * store is the place where one of them wins, by create-only, and everybody takes the winner's bytes.
 */
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import type { KeyStatement } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { keySetKeys } from "../model/layout.ts";
import { recipientSuite } from "../model/recipient-suite.ts";
import { newHostIdentity } from "./host-keys.ts";
import {
  findKeySet,
  highestGeneration,
  type KeyObject,
  type KeyRefusal,
  type KeySet,
  readKeySet,
} from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";
import { idKeyCommitment, idKeyText } from "./open-key-set.ts";
import type { Signer, TrustRing } from "./signing.ts";
import { sealSmall } from "./small-age.ts";
import { type KeySetPlace, spreadKeySet } from "./spread-key-set.ts";

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

export interface MintedKeySet {
  readonly keySet: KeySet;
  readonly places: readonly KeySetPlace[];
  readonly refusals: readonly KeyRefusal[];
}

const defaultPatience = { looks: 20, everyMs: 500 };
/** So many generations may be left half-made by hosts that died, or be taken by garbage, in one call. */
const attemptsMax = 8;

/**
 * The tenant's current key set, born now if there is none, and given to every store that can be
 * reached and lacks it. `stores`: all of the tenant's, in the tenant's order, also those that are down,
 * or two hosts would take different stores for the first. For a birth the first one must answer, since
 * that is where key sets are born. Sets of which none verifies are the failure of the newest of them.
 */
export async function ensureKeySet(
  tenant: TenantId,
  stores: readonly KeyStore[],
  mint: Mint,
  wait: Waiting,
): Promise<MintedKeySet> {
  const { keySet, refusals } = await findKeySet(tenant, stores, mint.trust, wait);
  if (keySet !== null) return { keySet, refusals, places: await spreadKeySet(keySet, stores, wait) };
  const inTheWay = refusals.find(({ generation, store }) => generation !== null || store === stores[0]?.name);
  if (inTheWay !== undefined) throw inTheWay.failure;
  return { ...(await mintIn(tenant, stores, 1, mint, wait)), refusals };
}

/** A new generation, above every one that any store shows a trace of; every store must answer. */
export async function rotateKeySet(
  tenant: TenantId,
  stores: readonly KeyStore[],
  mint: Mint,
  wait: Waiting,
): Promise<MintedKeySet> {
  let highest = 0;
  for (const store of stores) highest = Math.max(highest, await highestGeneration(tenant, store, wait));
  return mintIn(tenant, stores, highest + 1, mint, wait);
}

async function mintIn(
  tenant: TenantId,
  stores: readonly KeyStore[],
  from: number,
  mint: Mint,
  wait: Waiting,
): Promise<MintedKeySet> {
  const [first] = stores;
  if (first === undefined) throw new Failure("config/invalid", `${tenant} has no store`);
  for (let generation = from; generation < from + attemptsMax; generation += 1) {
    const keySet = await bornIn(first, tenant, generation, mint, wait);
    if (keySet !== null) return { keySet, places: await spreadKeySet(keySet, stores, wait), refusals: [] };
  }
  const last = from + attemptsMax - 1;
  throw new Failure(
    "store/corrupt",
    `generations ${String(from)} to ${String(last)} of the keys of ${tenant} are taken by key objects without a good statement in ${first.name}`,
  );
}

/**
 * The generation as it stands in the store in the end, ours or the winner's; null when somebody began it
 * and will not end it. Whoever creates the identity has won and writes the rest; the statement comes
 * last, so that nothing half-made is ever used.
 */
async function bornIn(
  store: KeyStore,
  tenant: TenantId,
  generation: number,
  mint: Mint,
  wait: Waiting,
): Promise<KeySet | null> {
  const [identity, id, statement] = await newKeyObjects(tenant, generation, mint);
  if (!(await won(identity, store, wait)) || !(await won(id, store, wait))) {
    return winners(store, tenant, generation, mint, wait);
  }
  await won(statement, store, wait);
  return readOrNull(store, tenant, generation, mint, wait);
}

/** Read back, because not every store can create only: there the one who wrote last has won. */
async function won({ key, body }: KeyObject, store: KeyStore, wait: Waiting): Promise<boolean> {
  try {
    await store.create(key, body, {}, wait);
  } catch (error) {
    if (!isFailure(error, "store/exists")) throw error;
  }
  return (await store.read(key, {}, wait)).equals(body);
}

async function winners(
  store: KeyStore,
  tenant: TenantId,
  generation: number,
  mint: Mint,
  wait: Waiting,
): Promise<KeySet | null> {
  const { looks, everyMs } = mint.patience ?? defaultPatience;
  for (let look = 1; ; look += 1) {
    const keySet = await readOrNull(store, tenant, generation, mint, wait);
    if (keySet !== null || look >= looks) return keySet;
    await pause(everyMs, wait);
  }
}

/** Null when it is incomplete or does not match itself; a statement that is forged is thrown (trap 24). */
async function readOrNull(
  store: KeyStore,
  tenant: TenantId,
  generation: number,
  mint: Mint,
  wait: Waiting,
): Promise<KeySet | null> {
  try {
    return await readKeySet(tenant, generation, store, mint.trust, wait);
  } catch (error) {
    if (isFailure(error, "store/absent") || isFailure(error, "store/corrupt")) return null;
    throw error;
  }
}

async function newKeyObjects(
  tenant: TenantId,
  generation: number,
  { holders, signer, clock, chance }: Mint,
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
    createdAt: clock.now().toISOString(),
  };
  const body = Buffer.from(await signer.sign("key", statement));
  return [identityObject, idObject, { key: keys.statement, body }];
}

function measured(body: Buffer): { bytes: number; sha256: string } {
  return { bytes: body.length, sha256: sha256(body) };
}
