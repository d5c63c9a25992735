import type { Desk } from "../desk/desk.ts";
import { createSigner, createTrustRing, type Signer, type TrustRing } from "../keys/signing.ts";
import { newSigningKey } from "../keys/signing-key.ts";

/** Who signs in a challenge, and whom its readers trust. */
export interface ChallengeSigners {
  /** The host's own key, which may sign everything. */
  readonly own: Signer;
  /** Trusted for proofs alone, as the key of a host that only verifies. */
  readonly verifier: Signer;
  /** Trusted for records alone, as the key of a host that only backs up. */
  readonly worker: Signer;
  /** Trusted by nobody. */
  readonly stranger: Signer;
  readonly trust: TrustRing;
}

export async function signersOf(desk: Desk): Promise<ChallengeSigners> {
  const own = await Promise.all(
    desk.config.keys.trusted.map(async ({ key, may, from, until }) => ({
      jwk: await key.reveal(),
      may,
      from,
      until,
    })),
  );
  const [verifier, worker, stranger] = [await newSigningKey(), await newSigningKey(), await newSigningKey()];
  return {
    own: await desk.signer(),
    verifier: await createSigner(verifier.privateJwk),
    worker: await createSigner(worker.privateJwk),
    stranger: await createSigner(stranger.privateJwk),
    trust: await createTrustRing([
      ...own,
      { jwk: verifier.publicJwk, may: ["proof"] },
      { jwk: worker.publicJwk, may: ["record"] },
    ]),
  };
}
