/**
 * The payload of an age file (age-encryption.org/v1, "Payload"): a nonce, then STREAM of
 * ChaCha20-Poly1305 in segments of 64 KiB, by OpenSSL through `node:crypto`.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { Failure } from "./failure.ts";
import { release } from "./release.ts";

/** A plaintext that is no longer is one segment. */
export const segmentBytes = 64 * 1024;
const tagBytes = 16;
const nonceBytes = 16;
const algorithm = "chacha20-poly1305";

export interface Payload {
  readonly fileKey: Uint8Array;
  /** Sixteen bytes that are never used twice with one file key. */
  readonly nonce: Uint8Array;
  readonly plain: Uint8Array;
}

export function payloadBytes(plainBytes: number): number {
  return nonceBytes + plainBytes + tagBytes * segmentsOf(plainBytes);
}

/** Writes the nonce and the sealed segments into `out` from `at` on: `payloadBytes` of them. */
export function writePayload({ fileKey, nonce, plain }: Payload, out: Uint8Array, at: number): void {
  const key = streamKey(fileKey, nonce);
  const counter = Buffer.alloc(12);
  out.set(nonce, at);
  let to = at + nonceBytes;
  const segments = segmentsOf(plain.length);
  for (let index = 0; index < segments; index += 1) {
    setCounter(counter, index, index === segments - 1);
    const cipher = createCipheriv(algorithm, key, counter, { authTagLength: tagBytes });
    const sealed = cipher.update(plain.subarray(index * segmentBytes, (index + 1) * segmentBytes));
    cipher.final();
    out.set(sealed, to);
    out.set(cipher.getAuthTag(), to + sealed.length);
    to += sealed.length + tagBytes;
    release(sealed);
  }
}

/**
 * The plaintext of a payload, whole or not at all: `decipher.update` hands out bytes before they are
 * authenticated, so nothing leaves here before the last tag was checked. Altered, shortened, lengthened
 * or reordered bytes: "sealing/damaged".
 */
export function readPayload(fileKey: Uint8Array, payload: Uint8Array): Buffer {
  const sealed = payload.subarray(nonceBytes);
  const segments = Math.ceil(sealed.length / (segmentBytes + tagBytes));
  const plainBytes = sealed.length - segments * tagBytes;
  // Only an empty file may end in an empty segment; a length that no plaintext gives is cut short.
  if (payload.length < nonceBytes + tagBytes || payloadBytes(plainBytes) !== payload.length) throw damaged();
  const key = streamKey(fileKey, payload.subarray(0, nonceBytes));
  const counter = Buffer.alloc(12);
  const plain = Buffer.allocUnsafeSlow(plainBytes);
  for (let index = 0; index < segments; index += 1) {
    setCounter(counter, index, index === segments - 1);
    const from = index * (segmentBytes + tagBytes);
    const segment = sealed.subarray(from, from + segmentBytes + tagBytes);
    const decipher = createDecipheriv(algorithm, key, counter, { authTagLength: tagBytes });
    decipher.setAuthTag(segment.subarray(-tagBytes));
    const opened = decipher.update(segment.subarray(0, -tagBytes));
    plain.set(opened, index * segmentBytes);
    release(opened);
    try {
      decipher.final();
    } catch (error) {
      throw damaged(error);
    }
  }
  return plain;
}

/** An empty plaintext is one empty segment. */
function segmentsOf(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / segmentBytes));
}

function streamKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** Eleven bytes of counter in big endian, then one that tells the last segment. */
function setCounter(counter: Buffer, index: number, last: boolean): void {
  counter.writeUInt32BE(index, 7);
  counter[11] = last ? 1 : 0;
}

function damaged(cause?: unknown): Failure {
  return new Failure("sealing/damaged", "the payload is not what was sealed", { cause });
}
