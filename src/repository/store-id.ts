import { Spoilt } from "../base/doubted.ts";
import { type Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { ObjectReader } from "../stores/store.ts";

export type StoreId =
  | { readonly storeId: string; readonly unusable: null }
  | { readonly storeId: null; readonly unusable: string };

/**
 * The id in `holdfast.json` of a store, or why it has none that can be used: absent, malformed, of another version, or
 * read otherwise each time. To who reads its copies are as good as ever then, and only statements cannot be bound to
 * them (promise 7). Throws what kept us from asking.
 */
export async function askStoreId(store: ObjectReader, wait: Waiting): Promise<StoreId> {
  try {
    const descriptor = await readDescriptor(store, wait);
    if (descriptor !== null) return { storeId: descriptor.storeId, unusable: null };
    return { storeId: null, unusable: "it holds no holdfast.json" };
  } catch (error) {
    if (!isFailure(error) || !isOfDescriptor(error)) throw error;
    return { storeId: null, unusable: error.message };
  }
}

function isOfDescriptor(error: Failure): boolean {
  return error instanceof Spoilt || error.code === "store/corrupt" || error.code.startsWith("format/");
}
