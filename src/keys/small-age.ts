/**
 * Key objects are small age files with nothing compressed, sealed and opened by the library; its X25519 in JavaScript
 * took a third of a second of the first backup in a process, so that part is done by `node:crypto`.
 */
import { Decrypter, Encrypter } from "age-encryption";
import { x25519Identity, x25519Recipient } from "../base/age-x25519.ts";
import { streamOf, wholeOf } from "../base/byte-stream.ts";
import { Failure } from "../base/failure.ts";
import { recipientSuite } from "../model/recipient-suite.ts";

/** Mixed kinds of recipients, or none: "config/invalid". */
export async function sealSmall(plain: string, recipients: readonly string[]): Promise<Buffer> {
  const suite = recipientSuite(recipients);
  const encrypter = new Encrypter();
  for (const recipient of new Set(recipients))
    encrypter.addRecipient(suite === "classic" ? x25519Recipient(recipient) : recipient);
  return wholeOf(await encrypter.encrypt(streamOf(Buffer.from(plain))));
}

/** Null when it is not sealed to `identity`; an altered file is "sealing/damaged"; no identity at all is "keys/identity". */
export async function openSmall(sealed: Uint8Array, identity: string): Promise<string | null> {
  let unmatched = false;
  const decrypter = decrypterFor(identity);
  decrypter.addIdentity({
    // Asked only when the identity before it found no stanza of its own.
    unwrapFileKey() {
      unmatched = true;
      return null;
    },
  });
  try {
    return (await wholeOf(await decrypter.decrypt(streamOf(sealed)))).toString("utf8");
  } catch (cause) {
    if (unmatched) return null;
    throw new Failure("sealing/damaged", "a key object is malformed or altered", { cause });
  }
}

function decrypterFor(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    const isHybrid = identity.startsWith("AGE-SECRET-KEY-PQ-1");
    decrypter.addIdentity(isHybrid ? identity : x25519Identity(identity));
    return decrypter;
  } catch {
    // The library's error may quote the secret, so it is not passed on.
    throw new Failure("keys/identity", "not an age identity");
  }
}
