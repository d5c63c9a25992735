/** The bytes of a signed document whose digest is known and whose length is not. */
import type { Waiting } from "../base/waiting.ts";
import type { ObjectReader } from "../stores/store.ts";
import { fetchFrom, type WantedDocument } from "./fetch.ts";
import { storeFailure } from "./library.ts";

/** From the first store that shows them, in any version; null when none does. A store that cannot be asked is passed over. */
export async function fetchDocument(
  stores: readonly ObjectReader[],
  { key, sha256 }: Pick<WantedDocument, "key" | "sha256">,
  wait: Waiting,
): Promise<Buffer | null> {
  for (const store of stores) {
    try {
      const body = await fetchFrom(store, { key, sha256, bytes: null }, wait);
      if (Buffer.isBuffer(body)) return body;
    } catch (error) {
      storeFailure(error, wait);
    }
  }
  return null;
}
