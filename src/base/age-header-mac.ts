import { createHmac, hkdfSync } from "node:crypto";

/** The MAC of an age header (age-encryption.org/v1, "Header MAC"); `signed` is all of it up to and with the dashes. */
export function headerMac(fileKey: Uint8Array, signed: string | Uint8Array): Buffer {
  const key = Buffer.from(hkdfSync("sha256", fileKey, new Uint8Array(), "header", 32));
  return createHmac("sha256", key).update(signed).digest();
}
