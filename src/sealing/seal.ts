/** A sealed object is age(zstd + padding): what `age -d | zstd -dc` opens. */
import { sha256 } from "../base/digest.ts";
import { ageOpen, ageSeal } from "./age.ts";
import { compress, decompress, type PlainLength } from "./compress.ts";
import { release } from "../base/release.ts";
import type { SealedBytes } from "./sealing.ts";

export async function seal(
  plain: Uint8Array,
  recipients: readonly string[],
  zstdLevel: number,
): Promise<SealedBytes> {
  return sealCompressed(compress(plain, zstdLevel), recipients);
}

/** What `compress` made, whose memory is released. */
export async function sealCompressed(
  compressed: Buffer,
  recipients: readonly string[],
): Promise<SealedBytes> {
  const body = await ageSeal(compressed, recipients);
  release(compressed);
  return { body, sha256: sha256(body) };
}

/** Errors as `Opener.open` states them. */
export async function unseal(sealed: Uint8Array, identity: string, length: PlainLength): Promise<Buffer> {
  const compressed = await ageOpen(sealed, identity);
  const plain = decompress(compressed, length);
  release(compressed);
  return plain;
}
