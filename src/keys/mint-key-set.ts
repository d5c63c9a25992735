/**
 * Making key sets (design, section 7; trap 24). A store makes only generations of its own: the first of
 * the tenant's N stores 1, N+1, 2N+1 …, the second 2, N+2 …. So two hosts that do not see the same
 * stores make different generations, and never two different sets under one.
 */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { bornIn, type Mint } from "./bear-key-set.ts";
import { birthTime } from "./birth-time.ts";
import { findKeySet, highestGeneration, type KeyRefusal, type KeySet, unusable } from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";
import { askedOnce } from "./asked-once.ts";
import { demandTrusted } from "./demand-trusted.ts";
import { type KeySetPlace, spreadKeySet } from "./spread-key-set.ts";

export interface MintedKeySet {
  readonly keySet: KeySet;
  /** Where it lies now: every store but those that are away. */
  readonly places: readonly KeySetPlace[];
  readonly refusals: readonly KeyRefusal[];
}

/** When a birth may go on without some of the stores. */
export interface BirthTerms {
  /** Stores that are known to fail and are not asked; they keep their place in the tenant's order. */
  readonly away: ReadonlySet<StoreName>;
  /** So many stores must say that they hold no key set. */
  readonly quorum: number;
  /** The highest generation that records name. Nothing older is used, nor anything born, when it is gone. */
  readonly least?: number;
}

/** So many generations of a store may be left half-made by hosts that died, or be taken by garbage, in one call. */
const attemptsMax = 8;

/**
 * The tenant's current key set, born now if there is none, and given to every store that can be
 * reached and lacks it. `stores`: all of the tenant's, in the tenant's order, also those that are down.
 * It is born in the first store that answers, dated with a time that one of them agrees with ("store/clock"); without `terms` all must. Sets of which none verifies
 * are the failure of the newest of them; too few answers that of the first store that gave none.
 * Where records name a generation and neither it nor a newer one is found, "keys/signature": going back
 * would undo a rotation, and a birth would take the keys of what may yet be put back. Nothing is born with "keys/role"
 * where nobody would believe it: what was written would stay, and stand in the way of every backup to come.
 */
export async function ensureKeySet(
  tenant: TenantId,
  stores: readonly KeyStore[],
  mint: Mint,
  wait: Waiting,
  terms: BirthTerms = { away: new Set(), quorum: stores.length },
): Promise<MintedKeySet> {
  const asked = stores.filter(({ name }) => !terms.away.has(name));
  const looked = asked.map(askedOnce);
  const { keySet, refusals } = await findKeySet(tenant, looked, mint.trust, wait);
  const { least = 0 } = terms;
  if (keySet !== null && keySet.generation >= least)
    return { keySet, refusals, places: await spreadKeySet(keySet, looked, wait) };
  const inTheWay = refusals.find(({ generation }) => generation !== null);
  if (keySet === null && inTheWay !== undefined) throw unusable(tenant, inTheWay);
  if (least > 0) throw lostGeneration(tenant, least);
  const born = await birth({ tenant, stores, asked, refusals, quorum: terms.quorum }, mint, wait);
  const others = asked.filter(({ name }) => name !== born.in);
  const spread = await spreadKeySet(born.keySet, others, wait);
  const own: KeySetPlace = { store: born.in, failure: null };
  const places = asked.map(({ name }) => spread.find(({ store }) => store === name) ?? own);
  return { ...born, places };
}

/**
 * A new generation, dated with a time that the first store agrees with, above every one that any store shows a trace of or, as `least`, that records name. Every store must answer, or one
 * that is away might hold a later generation, which would be taken for the current one in the place
 * of this: whom the rotation shuts out would be let in again. "keys/role" as in `ensureKeySet`.
 */
export async function rotateKeySet(
  tenant: TenantId,
  stores: readonly KeyStore[],
  mint: Mint,
  wait: Waiting,
  least = 0,
): Promise<MintedKeySet> {
  const [first] = stores;
  if (first === undefined) throw new Failure("config/invalid", `${tenant} has no store`);
  await demandTrusted(mint, "key", mint.clock.now());
  let highest = least;
  for (const store of stores) {
    highest = Math.max(highest, await highestToRotate(tenant, store, wait));
  }
  const from = highest + 1 + ((stores.length - (highest % stores.length)) % stores.length);
  const at = await birthTime([first], mint.clock, wait);
  const keySet = await mintIn({ store: first, tenant, from, step: stores.length, at }, mint, wait);
  return { keySet, places: await spreadKeySet(keySet, stores, wait), refusals: [] };
}

async function highestToRotate(tenant: TenantId, store: KeyStore, wait: Waiting): Promise<number> {
  try {
    return await highestGeneration(tenant, store, wait);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    const why = "a rotation needs every store, as one that is away may hold a later generation";
    throw new Failure(error.code, `${store.name} does not say which keys it holds: ${error.message}`, {
      cause: error,
      hint: error.hint === undefined ? why : `${why}; ${error.hint}`,
    });
  }
}

function lostGeneration(tenant: TenantId, generation: number): Failure {
  const number = String(generation);
  return new Failure(
    "keys/signature",
    `the keys of generation ${number} of ${tenant}, which records name, are in no store that answers`,
    {
      hint: `put tenants/${tenant}/keys/${number}.* back from another store or an old copy of one; \`holdfast keys rotate ${tenant}\` makes new keys for backups from now on`,
    },
  );
}

/** A first generation to be born, and what the stores said when they were asked for one that is there. */
interface FirstBirth {
  readonly tenant: TenantId;
  /** All of the tenant's, in the tenant's order, which says what each may make. */
  readonly stores: readonly KeyStore[];
  readonly asked: readonly KeyStore[];
  readonly refusals: readonly KeyRefusal[];
  readonly quorum: number;
}

/** In the first store that answers; one that fails halfway leaves traces that nobody uses, and the next one is tried. */
async function birth(
  { tenant, stores, asked, refusals, quorum }: FirstBirth,
  mint: Mint,
  wait: Waiting,
): Promise<{
  readonly keySet: KeySet;
  readonly in: StoreName;
  readonly refusals: readonly KeyRefusal[];
}> {
  await demandTrusted(mint, "key", mint.clock.now());
  const failed: KeyRefusal[] = [...refusals];
  let answering = asked.filter(({ name }) => !failed.some(({ store }) => store === name));
  const tooFew = (): Failure => {
    const enough = `${String(answering.length)} of ${String(stores.length)} stores can give birth to the keys of ${tenant}`;
    return failed[0]?.failure ?? new Failure("store/quorum", `${enough}, ${String(quorum)} must answer`);
  };
  if (answering.length < quorum) throw tooFew();
  // The last first: keys are born in the first, which is asked most often already.
  const at = await birthTime(answering.toReversed(), mint.clock, wait);
  for (const store of answering) {
    if (answering.length < quorum) break;
    try {
      const from = stores.indexOf(store) + 1;
      const keySet = await mintIn({ store, tenant, from, step: stores.length, at }, mint, wait);
      return { keySet, in: store.name, refusals: failed };
    } catch (error) {
      if (!isOfStore(error) || wait.signal.aborted) throw error;
      failed.push({ store: store.name, generation: null, failure: error });
      answering = answering.filter((other) => other !== store);
    }
  }
  throw tooFew();
}

function isOfStore(error: unknown): error is Failure {
  return isFailure(error) && (error.code.startsWith("store/") || error.code === "wait/expired");
}

/** The generations that are a store's own to make: `from` and every `step` above it. */
interface OwnGenerations {
  readonly store: KeyStore;
  readonly tenant: TenantId;
  readonly from: number;
  readonly step: number;
  readonly at: Date;
}

async function mintIn(
  { store, tenant, from, step, at }: OwnGenerations,
  mint: Mint,
  wait: Waiting,
): Promise<KeySet> {
  const last = from + (attemptsMax - 1) * step;
  for (let generation = from; generation <= last; generation += step) {
    const keySet = await bornIn({ store, tenant, generation, at }, mint, wait);
    if (keySet !== null) return keySet;
  }
  throw new Failure(
    "store/corrupt",
    `generations ${String(from)} to ${String(last)} of the keys of ${tenant} are taken by key objects without a good statement in ${store.name}`,
  );
}
