/**
 * The header of an age file for X25519 recipients (age-encryption.org/v1, "Header") by `node:crypto`. The library
 * writes one only together with a payload, takes three times as long over it, and has to be loaded by every
 * thread that seals.
 */
import { randomBytes } from "node:crypto";
import { headerMac } from "../base/age-header-mac.ts";
import { wrapForX25519 } from "../base/age-x25519.ts";
import { unpadded } from "../base/unpadded-base64.ts";

export interface AgeHeader {
  readonly header: Uint8Array;
  /** Sixteen bytes, secret; the payload's key follows from them. */
  readonly fileKey: Uint8Array;
}

/** Recipients `age1…`; what is none is "keys/identity". */
export function x25519Header(recipients: readonly string[]): AgeHeader {
  const fileKey = randomBytes(16);
  const stanzas = recipients.map((recipient) => {
    const { args, body } = wrapForX25519(fileKey, recipient);
    // A body of 32 bytes is one line, shorter than the 64 columns that would ask for another one.
    return `-> ${args.join(" ")}\n${unpadded(body)}\n`;
  });
  const signed = `age-encryption.org/v1\n${stanzas.join("")}---`;
  return { header: Buffer.from(`${signed} ${unpadded(headerMac(fileKey, signed))}\n`), fileKey };
}
