/** Key objects are small age files, sealed and opened by the library alone, with nothing compressed. */
import { Decrypter, Encrypter } from "age-encryption";
import { Failure } from "../base/failure.ts";
import { recipientSuite } from "../model/recipient-suite.ts";

/** Mixed kinds of recipients, or none: "config/invalid". */
export async function sealSmall(plain: string, recipients: readonly string[]): Promise<Buffer> {
  recipientSuite(recipients);
  const encrypter = new Encrypter();
  for (const recipient of new Set(recipients)) encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(plain));
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
    return await decrypter.decrypt(sealed, "text");
  } catch (cause) {
    if (unmatched) return null;
    throw new Failure("sealing/damaged", "a key object is malformed or altered", { cause });
  }
}

function decrypterFor(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
    return decrypter;
  } catch {
    // The library's error may quote the secret, so it is not passed on.
    throw new Failure("keys/identity", "not an age identity");
  }
}
