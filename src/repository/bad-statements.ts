/** Which of the signed documents that lie in a store are good for nothing as they lie there. */
import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { ObjectReader } from "../stores/store.ts";
import { readCurrentSigned } from "./signed.ts";
import { statementForm, statementPrefixes } from "./statement-forms.ts";

const readsAtOnce = 4;

interface JudgedStatements {
  /** Their current bytes are no such document, or were altered after they were signed. */
  readonly bad: readonly ObjectKey[];
  /** Nothing is wrong with the bytes; it is whoever signed them that is not trusted for that, or no more. */
  readonly untrusted: readonly ObjectKey[];
  /** How many are as they should be. */
  readonly good: number;
}

/**
 * The proofs, findings, condemned lists and holds of a store, by what their current bytes are worth.
 * Documents of a newer Holdfast are in none of these. Throws what kept us from looking.
 */
export async function badStatements(
  tenant: TenantId,
  store: ObjectReader,
  trust: TrustRing,
  wait: Waiting,
): Promise<JudgedStatements> {
  const bad: ObjectKey[] = [];
  const untrusted: ObjectKey[] = [];
  let good = 0;
  await eachAtOnce(await statementKeys(tenant, store, trust, wait), readsAtOnce, async (key) => {
    const form = statementForm(tenant, key, trust);
    if (form === null) return;
    try {
      const reading = await readCurrentSigned(store, key, form, wait);
      if (reading.kind === "good") good += 1;
      else if (reading.reason === "signer") untrusted.push(key);
      else if (reading.reason !== "format") bad.push(key);
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return { bad: bad.toSorted(), untrusted: untrusted.toSorted(), good };
}

/** Keys of all such documents in a store, whatever their bytes are. */
export async function statementKeys(
  tenant: TenantId,
  store: ObjectReader,
  trust: TrustRing,
  wait: Waiting,
): Promise<ReadonlySet<ObjectKey>> {
  const keys = new Set<ObjectKey>();
  for (const prefix of statementPrefixes(tenant)) {
    for await (const { key } of store.list(prefix, wait))
      if (statementForm(tenant, key, trust) !== null) keys.add(key);
  }
  return keys;
}
