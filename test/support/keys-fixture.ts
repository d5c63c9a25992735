/** The keys of a small fleet, for tests: one host of every role, one signer whom everybody trusts for everything. */
import { systemChance } from "../../src/base/chance.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { type HostIdentity, newHostIdentity } from "../../src/keys/host-keys.ts";
import type { Mint } from "../../src/keys/bear-key-set.ts";
import { newSigningKey, type SigningKeyFiles } from "../../src/keys/signing-key.ts";
import { createSigner, createTrustRing, type Signer, type TrustRing } from "../../src/keys/signing.ts";
import { purposes } from "../../src/model/glossary.ts";
import type { RecipientSuite } from "../../src/model/recipient-suite.ts";

export interface KeysFixture {
  readonly worker: HostIdentity;
  readonly verifier: HostIdentity;
  readonly restorer: HostIdentity;
  readonly escrow: HostIdentity;
  readonly signingKey: SigningKeyFiles;
  readonly signer: Signer;
  readonly trust: TrustRing;
  readonly clock: ManualClock;
  /** For `ensureKeySet` and `rotateKeySet`; looks for a quicker host's statement without losing time. */
  readonly mint: Mint;
}

export async function keysFixture(suite: RecipientSuite = "classic"): Promise<KeysFixture> {
  const [worker, verifier, restorer, escrow] = await Promise.all([
    newHostIdentity(suite),
    newHostIdentity(suite),
    newHostIdentity(suite),
    newHostIdentity(suite),
  ]);
  const signingKey = await newSigningKey();
  const signer = await createSigner(signingKey.privateJwk);
  const trust = await createTrustRing([{ jwk: signingKey.publicJwk, may: purposes }]);
  const clock = new ManualClock(new Date("2026-11-21T01:30:00Z"));
  const holders = {
    workers: [worker.recipient],
    verifiers: [verifier.recipient],
    restorers: [restorer.recipient],
    escrow: [escrow.recipient],
  };
  const patience = { looks: 3, everyMs: 1 };
  const mint = { holders, signer, trust, clock, chance: systemChance, patience };
  return { worker, verifier, restorer, escrow, signingKey, signer, trust, clock, mint };
}
