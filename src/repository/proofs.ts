/** Reading proofs: what is known of each copy, by whom we trust to say so. */
import { eachAtOnce } from "../base/limit.ts";
import { compactUtc } from "../base/clock.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type Proof, proof } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { compareInstants } from "../model/instant.ts";
import { parseProofKey, proofsPrefix } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { isFromFuture } from "./clocks.ts";
import type { Library } from "./library.ts";
import { readSigned, type SignedForm } from "./signed.ts";

const readsAtOnce = 8;

/**
 * Every trusted proof that one store holds about copies in any store, newest first. What is forged,
 * misplaced, unreadable or from the future is passed over: it proves nothing. Throws
 * what kept us from asking.
 */
export async function readProofs(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly Proof[]> {
  const keys: ObjectKey[] = [];
  for await (const { key } of store.list(proofsPrefix(tenant), wait)) {
    if (parseProofKey(key) !== null) keys.push(key);
  }
  const found: Proof[] = [];
  await eachAtOnce(keys, readsAtOnce, async (key) => {
    const one = await readProof({ tenant, key }, store, library, wait);
    if (one !== null) found.push(one);
  });
  return found.toSorted((one, other) => compareInstants(other.at, one.at));
}

/**
 * The newest proof bound to these very record bytes in that very store; a proof of another record or
 * store says nothing. One that proved or refuted outweighs any newer one that could do neither.
 */
export function newestProof(
  proofs: readonly Proof[],
  of: {
    readonly backup: BackupId;
    readonly store: StoreName;
    readonly storeId: string;
    readonly record: string;
  },
): Proof | null {
  const fitting = proofs
    .filter(
      (one) =>
        one.backup === of.backup &&
        one.store === of.store &&
        one.storeId === of.storeId &&
        one.record === of.record,
    )
    .toSorted((one, other) => compareInstants(other.at, one.at));
  return fitting.find((one) => one.verdict !== "inconclusive") ?? fitting[0] ?? null;
}

export async function readProof(
  { tenant, key }: { readonly tenant: TenantId; readonly key: ObjectKey },
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<Proof | null> {
  try {
    const reading = await readSigned(store, key, proofForm(tenant, key, library.trust), wait);
    if (reading.kind === "bad" || isFromFuture(reading.document.at, library.clock.now())) return null;
    return reading.document;
  } catch (error) {
    if (isFailure(error, "store/absent")) return null;
    throw error;
  }
}

function proofForm(tenant: TenantId, key: ObjectKey, trust: Library["trust"]): SignedForm<Proof> {
  const path = parseProofKey(key);
  return {
    purpose: "proof",
    schema: proof,
    trust,
    misplaced: (found) => {
      const fits =
        found.tenant === tenant &&
        found.backup === path?.backup &&
        found.store === path.store &&
        compactUtc(new Date(found.at)) === path.at;
      return fits
        ? null
        : `it says it is about ${found.backup} of ${found.tenant} in ${found.store} at ${found.at}`;
    },
  };
}
