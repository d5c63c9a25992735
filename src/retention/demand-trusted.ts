import { Failure, isFailure } from "../base/failure.ts";
import type { PruneDesk } from "./order.ts";

/**
 * "keys/role" unless this host's signing key is trusted for removals. Its lists and holds would else be
 * read by nobody: backups would go on reusing what is about to go.
 */
export async function demandTrusted({ signer, trust, clock }: PruneDesk): Promise<void> {
  const word = await signer.sign("removal", { at: clock.now().toISOString() });
  try {
    await trust.verify("removal", word);
  } catch (error) {
    if (!isFailure(error, "keys/signature")) throw error;
    throw new Failure("keys/role", "the signing key of this host is not trusted for removals", {
      cause: error,
      hint: "`keys.trusted` says who may sign a removal; run this where that key is",
    });
  }
}
