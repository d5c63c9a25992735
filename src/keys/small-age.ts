/**
 * Key objects are small age files with nothing compressed. Those for X25519 are opened by ourselves; the library seals
 * them all and opens the post-quantum ones, and is loaded by who does either. Its X25519 in JavaScript took a third of
 * a second of the first backup in a process, so that part is done by `node:crypto` there too.
 */
import { x25519Recipient } from "../base/age-x25519.ts";
import { streamOf, wholeOf } from "../base/byte-stream.ts";
import { Failure } from "../base/failure.ts";
import { recipientSuite } from "../model/recipient-suite.ts";
import { openClassic } from "./open-classic.ts";

/** Mixed kinds of recipients, or none: "config/invalid". */
export async function sealSmall(plain: string, recipients: readonly string[]): Promise<Buffer> {
  const suite = recipientSuite(recipients);
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const recipient of new Set(recipients))
    encrypter.addRecipient(suite === "classic" ? x25519Recipient(recipient) : recipient);
  return wholeOf(await encrypter.encrypt(streamOf(Buffer.from(plain))));
}

/** Null when it is not sealed to `identity`; an altered file is "sealing/damaged"; no identity at all is "keys/identity". */
export async function openSmall(sealed: Uint8Array, identity: string): Promise<string | null> {
  const plain = identity.startsWith("AGE-SECRET-KEY-PQ-1")
    ? await openHybrid(sealed, identity)
    : await openClassic(sealed, identity);
  return plain?.toString("utf8") ?? null;
}

async function openHybrid(sealed: Uint8Array, identity: string): Promise<Buffer | null> {
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  let unmatched = false;
  try {
    decrypter.addIdentity(identity);
  } catch {
    // The library's error may quote the secret, so it is not passed on.
    throw new Failure("keys/identity", "not an age identity");
  }
  decrypter.addIdentity({
    // Asked only when the identity before it found no stanza of its own.
    unwrapFileKey() {
      unmatched = true;
      return null;
    },
  });
  try {
    return await wholeOf(await decrypter.decrypt(streamOf(sealed)));
  } catch (cause) {
    if (unmatched) return null;
    throw new Failure("sealing/damaged", "a key object is malformed or altered", { cause });
  }
}
