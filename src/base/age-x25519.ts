/**
 * age's X25519 stanza by `node:crypto` (age-encryption.org/v1, "The X25519 recipient type"), behind the
 * interfaces of the `age-encryption` library: the same bytes at a fraction of the time.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { bech32 } from "@scure/base";
import type { Identity, Recipient, Stanza } from "age-encryption";
import { Failure } from "./failure.ts";
import { fromUnpadded, unpadded } from "./unpadded-base64.ts";

const info = "age-encryption.org/v1/X25519";
const tagBytes = 16;
const wrappedBytes = 16 + tagBytes;
/** Every file key is wrapped under a key of its own, so the nonce is fixed. */
const nonce = new Uint8Array(12);
/** DER of a raw key: all but the last 32 bytes are the same for every key (RFC 8410). */
const publicPrefix = Buffer.from("302a300506032b656e032100", "hex");
const privatePrefix = Buffer.from("302e020100300506032b656e04220420", "hex");

/** A new identity, `AGE-SECRET-KEY-1…`; secret. */
export function newX25519Identity(): string {
  const { privateKey } = generateKeyPairSync("x25519");
  const scalar = privateKey.export({ format: "der", type: "pkcs8" }).subarray(privatePrefix.length);
  return bech32.encodeFromBytes("AGE-SECRET-KEY-", scalar).toUpperCase();
}

/** The recipient `age1…` of an identity `AGE-SECRET-KEY-1…`; anything else is "keys/identity". */
export function x25519RecipientOf(identity: string): string {
  const ours = rawPublic(createPublicKey(privateKeyOf(identity)));
  return bech32.encodeFromBytes("age", ours);
}

/** `recipient`: `age1…` of X25519. */
export function x25519Recipient(recipient: string): Recipient {
  publicPartsOf(recipient);
  return { wrapFileKey: (fileKey) => [wrapForX25519(fileKey, recipient)] };
}

/** The stanza of a file key for `age1…`; anything else is "keys/identity". */
export function wrapForX25519(fileKey: Uint8Array, recipient: string): Stanza {
  const { raw, publicKey } = publicPartsOf(recipient);
  const ephemeral = generateKeyPairSync("x25519");
  const share = rawPublic(ephemeral.publicKey);
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey });
  const key = wrappingKey(secret, share, raw);
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { args: ["X25519", unpadded(share)], body };
}

interface PublicParts {
  readonly raw: Buffer;
  readonly publicKey: KeyObject;
}

/** A backup seals thousands of chunks for one recipient. */
let lastRecipient: { readonly recipient: string; readonly parts: PublicParts } | null = null;

function publicPartsOf(recipient: string): PublicParts {
  if (lastRecipient?.recipient === recipient) return lastRecipient.parts;
  const raw = bech32Bytes(recipient, "age");
  const parts = { raw, publicKey: publicKeyOf(raw) };
  lastRecipient = { recipient, parts };
  return parts;
}

/** `identity`: `AGE-SECRET-KEY-1…`. Unwraps to null when no stanza is for it; throws on a malformed one. */
export function x25519Identity(identity: string): Identity {
  const privateKey = privateKeyOf(identity);
  const ours = rawPublic(createPublicKey(privateKey));
  return {
    unwrapFileKey(stanzas) {
      for (const stanza of stanzas.filter(({ args }) => args[0] === "X25519")) {
        const share = shareOf(stanza);
        const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(share) });
        const fileKey = unwrap(stanza.body, wrappingKey(secret, share, ours));
        if (fileKey !== null) return fileKey;
      }
      return null;
    },
  };
}

function wrappingKey(secret: Buffer, share: Buffer, recipient: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, Buffer.concat([share, recipient]), info, 32));
}

function unwrap(body: Uint8Array, key: Buffer): Buffer | null {
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(body.subarray(-tagBytes));
  const fileKey = decipher.update(body.subarray(0, -tagBytes));
  try {
    decipher.final();
    return fileKey;
  } catch {
    // Not for this identity; another stanza may be.
    return null;
  }
}

function shareOf({ args, body }: Stanza): Buffer {
  const [, text, ...more] = args;
  const share = fromUnpadded(text ?? "");
  if (share?.length !== 32 || more.length > 0 || body.length !== wrappedBytes) {
    throw new Failure("sealing/damaged", "the header holds a malformed X25519 stanza");
  }
  return share;
}

function privateKeyOf(identity: string): KeyObject {
  const scalar = bech32Bytes(identity, "age-secret-key-");
  return createPrivateKey({ key: Buffer.concat([privatePrefix, scalar]), format: "der", type: "pkcs8" });
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: "der", type: "spki" });
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" }).subarray(publicPrefix.length);
}

/** The text itself stays out of the message: it may be a secret. */
function bech32Bytes(text: string, prefix: string): Buffer {
  try {
    const decoded = bech32.decodeToBytes(text);
    if (decoded.prefix.toLowerCase() === prefix && decoded.bytes.length === 32)
      return Buffer.from(decoded.bytes);
  } catch {
    // Said below; the library's own message quotes the text.
  }
  throw new Failure("keys/identity", `not an X25519 ${prefix === "age" ? "recipient" : "identity"}`);
}
