import { Failure, isFailure } from "../base/failure.ts";
import type { Purpose } from "../model/glossary.ts";
import type { Signer, TrustRing } from "./signing.ts";

/**
 * "keys/role" unless what this host signs for this purpose is believed here and `now`. Asked before any work is
 * done: what nobody believes is worth nothing, however whole it lies in the stores.
 */
export async function demandTrusted(
  { signer, trust }: { readonly signer: Signer; readonly trust: TrustRing },
  purpose: Purpose,
  now: Date,
): Promise<void> {
  const word = await signer.sign(purpose, { at: now.toISOString() });
  try {
    await trust.verify(purpose, word);
  } catch (error) {
    if (!isFailure(error, "keys/signature")) throw error;
    throw new Failure("keys/role", `the signing key of this host is not trusted for ${purpose}s`, {
      cause: error,
      hint: `keys.trusted must name ${signer.kid} with \`${purpose}\`, here and wherever it is to be believed; \`holdfast keys show\` shows both`,
    });
  }
}
