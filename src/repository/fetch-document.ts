/** The bytes of a signed document whose digest is known and whose length is not. */
import { type Sha256, sha256 } from "../base/digest.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";
import { storeFailure } from "./library.ts";

const documentBytesMax = 16 * 1024 * 1024;

/** From the first store that shows them, in any version; null when none does. A store that cannot be asked is passed over. */
export async function fetchDocument(
  stores: readonly ObjectReader[],
  { key, sha256: digest }: { readonly key: ObjectKey; readonly sha256: Sha256 },
  wait: Waiting,
): Promise<Buffer | null> {
  for (const store of stores) {
    try {
      const current = await readVersion(store, key, undefined, wait);
      if (current !== null && sha256(current) === digest) return current;
      for (const older of await store.versions(key, wait)) {
        const body = older.current ? null : await readVersion(store, key, older.version, wait);
        if (body !== null && sha256(body) === digest) return body;
      }
    } catch (error) {
      storeFailure(error, wait);
    }
  }
  return null;
}

async function readVersion(
  store: ObjectReader,
  key: ObjectKey,
  version: string | undefined,
  wait: Waiting,
): Promise<Buffer | null> {
  const limits = { bytesMax: documentBytesMax };
  try {
    return await store.read(key, version === undefined ? limits : { ...limits, version }, wait);
  } catch (error) {
    if (isFailure(error, "store/absent") || isFailure(error, "store/corrupt")) return null;
    throw error;
  }
}
