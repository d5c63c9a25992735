/** Data for tests of sealing: rows as COPY writes them, and bytes without any order, from a seed. */
import { createCipheriv, createHash } from "node:crypto";

/** Bytes that look random and are the same for the same seed. */
export function seededBytes(seed: string, bytes: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("chacha20", key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** Rows of 40 to 200 bytes with a serial number, so that no two are equal. */
export function tableRows(seed: string, count: number): Buffer[] {
  const noise = seededBytes(seed, count * 80);
  return Array.from({ length: count }, (_, index) => {
    const part = noise.subarray(index * 80, index * 80 + 10 + ((noise[index * 80] ?? 0) % 70));
    return Buffer.from(`${String(index)}\t2026-11-${String(index % 28)}\t${part.toString("hex")}\t\\N\n`);
  });
}

export async function* inParts(bytes: Uint8Array, partBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
}

export const patient = { signal: new AbortController().signal };
