/** A sealed object is age(zstd + padding): what `age -d | zstd -dc` opens. */
import { sha256 } from "../base/digest.ts";
import { ageOpen, ageSeal } from "./age.ts";
import { compress, decompress, type PlainLength } from "./compress.ts";
import type { SealedBytes } from "./sealing.ts";

export async function seal(
  plain: Uint8Array,
  recipients: readonly string[],
  zstdLevel: number,
): Promise<SealedBytes> {
  const body = await ageSeal(compress(plain, zstdLevel), recipients);
  return { body, sha256: sha256(body) };
}

/** Errors as `Opener.open` states them. */
export async function unseal(sealed: Uint8Array, identity: string, length: PlainLength): Promise<Buffer> {
  return decompress(await ageOpen(sealed, identity), length);
}
