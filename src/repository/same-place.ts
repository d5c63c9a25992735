/**
 * Whether a store is still the one that work began with. A volume that goes away leaves an empty folder where its path
 * leads, and another one may be mounted there: both answer, and take what is written.
 */
import { Failure, isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import type { ObjectReader } from "../stores/store.ts";
import { askStoreId } from "./store-id.ts";

/**
 * "store/unreachable" where the store bears another id than `storeId`, which `askStoreId` told when the work began;
 * and what kept us from asking.
 */
export async function demandSamePlace(
  store: ObjectReader,
  storeId: string | null,
  wait: Waiting,
): Promise<void> {
  const now = await askStoreId(store, wait);
  if (now.storeId !== storeId) throw elsewhere(store, now.unusable);
}

/** The same as a value; null as well where the store cannot be asked, of which whoever works with it tells. */
export async function movedAway(
  store: ObjectReader,
  storeId: string | null,
  wait: Waiting,
): Promise<Failure | null> {
  try {
    const now = await askStoreId(store, wait);
    return now.storeId === storeId ? null : elsewhere(store, now.unusable);
  } catch (error) {
    stillWaiting(wait);
    if (!isFailure(error)) throw error;
    return null;
  }
}

function elsewhere({ name }: ObjectReader, unusable: string | null): Failure {
  return new Failure(
    "store/unreachable",
    `${name} is not the store any more that it was when this began: ${unusable ?? "it bears another store id"}`,
    { hint: "did its volume go away, or another come in its place? mount it again, and do this once more" },
  );
}
