/**
 * age files (age-encryption.org/v1). Post-quantum headers are read and written by the `age-encryption` library;
 * those for X25519 and every payload by `node:crypto`, because the library's payload in JavaScript is over ten
 * times slower, and its headers three times.
 */
import { randomBytes } from "node:crypto";
import type { Identity, Recipient } from "age-encryption";
import { readClassic } from "../base/age-classic.ts";
import { Failure } from "../base/failure.ts";
import { recipientSuite } from "../model/recipient-suite.ts";
import { type AgeHeader, x25519Header } from "./age-header.ts";
import { payloadBytes, readPayload, writePayload } from "../base/age-payload.ts";

/** A header longer than this is not one of ours; it bounds what is searched for the header's end. */
const headerBytesMax = 1024 * 1024;
const postQuantumPrefix = "AGE-SECRET-KEY-PQ-1";

/** Recipients `age1…`, all X25519 or all post-quantum; a mixture is "config/invalid". The result owns its memory. */
export async function ageSeal(plain: Uint8Array, recipients: readonly string[]): Promise<Buffer> {
  const isClassic = recipientSuite(recipients) === "classic";
  const { header, fileKey } = isClassic ? x25519Header(recipients) : await libraryHeader(recipients);
  const out = Buffer.allocUnsafeSlow(header.length + payloadBytes(plain.length));
  out.set(header);
  writePayload({ fileKey, nonce: randomBytes(16), plain }, out, header.length);
  return out;
}

/** Not sealed to `identity`: "keys/identity". Anything else amiss: "sealing/damaged". The result owns its memory. */
export async function ageOpen(sealed: Uint8Array, identity: string): Promise<Buffer> {
  if (!identity.startsWith(postQuantumPrefix)) {
    const file = await readClassic(sealed, identity);
    if (file === null) throw notSealedTo();
    return readPayload(file.fileKey, file.payload);
  }
  const bytes = headerLength(sealed);
  const fileKey = await fileKeyOf(sealed.subarray(0, bytes), identity);
  return readPayload(fileKey, sealed.subarray(bytes));
}

/**
 * The library writes a header only together with a payload, so it is given an empty file to seal and a
 * recipient of ours that looks on to learn the file key. The payload it makes is thrown away.
 */
async function libraryHeader(recipients: readonly string[]): Promise<AgeHeader> {
  const { Encrypter } = await import("age-encryption");
  const keys: Uint8Array[] = [];
  const onlooker: Recipient = {
    wrapFileKey(fileKey) {
      keys.push(fileKey);
      return [];
    },
  };
  const encrypter = new Encrypter();
  encrypter.addRecipient(onlooker);
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const empty = await encrypter.encrypt(new Uint8Array());
  const [fileKey] = keys;
  if (fileKey === undefined) throw new Failure("internal/bug", "the age library made no file key");
  return { header: empty.subarray(0, headerLength(empty)), fileKey };
}

async function fileKeyOf(header: Uint8Array, identity: string): Promise<Uint8Array> {
  const { Decrypter } = await import("age-encryption");
  let unmatched = false;
  const last: Identity = {
    // Asked only when the identity before it found no stanza of its own.
    unwrapFileKey() {
      unmatched = true;
      return null;
    },
  };
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  decrypter.addIdentity(last);
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    if (unmatched) throw notSealedTo(cause);
    throw new Failure("sealing/damaged", "the age header is malformed or altered", { cause });
  }
}

function notSealedTo(cause?: unknown): Failure {
  return new Failure("keys/identity", "not sealed to this identity", { cause });
}

/** Up to and with the newline behind the MAC, which is the first line that starts with three dashes. */
function headerLength(sealed: Uint8Array): number {
  const start = Buffer.from(sealed.buffer, sealed.byteOffset, Math.min(sealed.length, headerBytesMax));
  const mac = start.indexOf("\n---");
  const end = mac === -1 ? -1 : start.indexOf("\n", mac + 1);
  if (end === -1) throw new Failure("sealing/damaged", "not an age file");
  return end + 1;
}
