/** Base64 without padding, as age writes it (age-encryption.org/v1). */
export function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

/** Null where `text` is not the one spelling that its bytes have. */
export function fromUnpadded(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return unpadded(bytes) === text ? bytes : null;
}
