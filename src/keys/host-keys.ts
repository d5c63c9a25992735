/** The age identity of a host, and the recipient that others seal to. */
import { newX25519Identity, x25519RecipientOf } from "../base/age-x25519.ts";
import { Failure } from "../base/failure.ts";
import type { RecipientSuite } from "../model/recipient-suite.ts";

export interface HostIdentity {
  /** `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`; secret. */
  readonly identity: string;
  /** `age1…`. */
  readonly recipient: string;
}

export async function newHostIdentity(suite: RecipientSuite = "classic"): Promise<HostIdentity> {
  const identity = suite === "classic" ? newX25519Identity() : await newHybridIdentity();
  return { identity, recipient: await recipientOf(identity) };
}

/** The library takes a while to load, and is needed for post-quantum keys alone. */
async function newHybridIdentity(): Promise<string> {
  const { generateHybridIdentity } = await import("age-encryption");
  return generateHybridIdentity();
}

/** Not an age identity: "keys/identity". */
export async function recipientOf(identity: string): Promise<string> {
  const isHybrid = identity.startsWith("AGE-SECRET-KEY-PQ-1");
  const find = isHybrid ? (await import("age-encryption")).identityToRecipient : x25519RecipientOf;
  try {
    return await find(identity);
  } catch {
    // The library's error may quote the secret, so it is not passed on.
    throw new Failure("keys/identity", "not an age identity");
  }
}

/**
 * The identity in the text of an identity file as `age-keygen` writes it: one line that is neither
 * empty nor a comment. Anything else: "keys/identity".
 */
export function readIdentity(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const [identity, ...more] = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (identity === undefined || more.length > 0 || !/^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/.test(identity)) {
    throw new Failure("keys/identity", "the identity file does not hold exactly one age identity");
  }
  return identity;
}
