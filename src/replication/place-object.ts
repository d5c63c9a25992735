/** Bringing one object, whose bytes are fixed by its digest, whole into one store. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey } from "../model/ids.ts";
import { fetchCurrent, fetchWhole } from "../repository/fetch.ts";
import type { CreateOptions } from "../stores/store.ts";
import { type Delivery, type MendingShelf, sourcesFor } from "./ground.ts";

/** An object that could not be had whole. */
export interface Lost {
  readonly key: ObjectKey;
  readonly reason: string;
  /** A store that could not be asked, or would not take it, may yet; otherwise no store holds it whole. */
  readonly mayReturn: boolean;
}

/** Fetches it from wherever it is whole, within the budget, and puts it in place. Throws what the store it goes to did. */
export async function bringObject(
  delivery: Delivery,
  line: InventoryLine,
  wait: Waiting,
): Promise<Lost | null> {
  const { ground, to } = delivery;
  const giveBack = await ground.desk.inFlight.take(line.bytes, wait);
  try {
    const body = await fetchOrLose(delivery, line, wait);
    if (!Buffer.isBuffer(body)) return body;
    await placeObject(to, { ...line, body }, ground.desk.clock.now(), wait);
    return null;
  } finally {
    giveBack();
  }
}

/** Its bytes, from wherever they are whole. */
export async function fetchOrLose(
  delivery: Delivery,
  line: InventoryLine,
  wait: Waiting,
): Promise<Buffer | Lost> {
  try {
    const sources = sourcesFor(delivery);
    return (await fetchWhole(sources, line, {}, wait)).body;
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    const isGone = isFailure(error, "store/absent") || isFailure(error, "store/corrupt");
    return { key: line.key, reason: error.message, mayReturn: !isGone };
  }
}

export interface Placing {
  readonly key: ObjectKey;
  readonly bytes: number;
  readonly sha256: string;
  readonly body: Uint8Array;
  readonly lockedUntil?: string | undefined;
}

/**
 * Created where the key is free; mended, and read back, where other bytes lie under it. A lock that has
 * run out, or nearly, is not asked for: a server refuses one that ends in the past.
 */
export async function placeObject(
  to: MendingShelf,
  object: Placing,
  now: Date,
  wait: Waiting,
): Promise<void> {
  if (await createObject(to, object, now, wait)) return;
  const { store } = to;
  const options = optionsOf(to, object, now);
  if (Buffer.isBuffer(await fetchCurrent(store, object, wait))) return;
  await store.mend(object.key, object.body, options, wait);
  if (Buffer.isBuffer(await fetchCurrent(store, object, wait))) return;
  throw new Failure("store/corrupt", `${object.key} in ${store.name} does not read back as it was mended`);
}

/** False where the key is taken, whatever lies there; nothing is written then. */
export async function createObject(
  to: MendingShelf,
  object: Placing,
  now: Date,
  wait: Waiting,
): Promise<boolean> {
  try {
    await to.store.create(object.key, object.body, optionsOf(to, object, now), wait);
    return true;
  } catch (error) {
    if (!isFailure(error, "store/exists")) throw error;
    return false;
  }
}

function optionsOf({ lock }: MendingShelf, { sha256, lockedUntil }: Placing, now: Date): CreateOptions {
  if (lock === null || lockedUntil === undefined) return { sha256 };
  const until = new Date(lockedUntil);
  const isWorthIt = until.getTime() - now.getTime() > clockToleranceMs;
  return isWorthIt ? { sha256, lock: { mode: lock.mode, until } } : { sha256 };
}
