/** What reading a tenant's backups takes; who only reads is given no more. */
import type { Clock } from "../base/clock.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName } from "../model/ids.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { ObjectReader } from "../stores/store.ts";

export interface Library {
  /** The tenant's stores, preferred ones first. */
  readonly stores: readonly ObjectReader[];
  readonly trust: TrustRing;
  readonly clock: Clock;
}

/** A store that could not be asked. What it holds is unknown; the others are not held up by it (promise 7). */
export interface StoreDown {
  readonly store: StoreName;
  readonly failure: Failure;
}

/** Asks every store at once; those that fail are told apart from the answers. A cancelled wait is thrown. */
export async function askEach<S extends ObjectReader, T>(
  stores: readonly S[],
  ask: (store: S) => Promise<T>,
  wait: Waiting,
): Promise<{ readonly answers: ReadonlyMap<StoreName, T>; readonly down: readonly StoreDown[] }> {
  const answers = new Map<StoreName, T>();
  const down: StoreDown[] = [];
  const ends = await Promise.allSettled(stores.map((store) => ask(store)));
  for (const [index, store] of stores.entries()) {
    const end = ends[index];
    if (end === undefined) continue;
    if (end.status === "fulfilled") answers.set(store.name, end.value);
    else down.push({ store: store.name, failure: storeFailure(end.reason, wait) });
  }
  return { answers, down };
}

/** Throws "store/quorum" when not one of so many stores answered: silence is not to look like health. */
export function demandAnswer(question: string, asked: number, down: readonly StoreDown[]): void {
  const [first] = down;
  if (first === undefined || down.length < asked) return;
  const why = down.map(({ store, failure }) => `${store}: ${failure.message}`).join("; ");
  const { hint } = first.failure;
  throw new Failure("store/quorum", `no store says ${question}: ${why}`, {
    cause: first.failure,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Words for a message that says that nothing was found; empty when every store was asked. */
export function unasked(down: readonly StoreDown[]): string {
  return down.length === 0 ? "" : `; not asked: ${down.map(({ store }) => store).join(", ")}`;
}

/**
 * The failure of a store: it cannot be reached, refuses, is full, is slow, or shows what nobody we trust
 * has signed. Anything else, and a cancelled wait, is thrown on.
 */
export function storeFailure(error: unknown, wait: Waiting): Failure {
  if (!isFailure(error) || wait.signal.aborted) throw error;
  const [area] = error.code.split("/");
  if (
    area === "store" ||
    area === "format" ||
    error.code === "keys/signature" ||
    error.code === "wait/expired"
  ) {
    return error;
  }
  throw error;
}
