/** What is amiss with the stores, by all that was seen of all tenants; a pure rule. */
import { spell } from "../model/duration.ts";
import type { StoreName } from "../model/ids.ts";
import { samePlaces } from "../repository/identify-stores.ts";
import type { StoreAnswer } from "./ask-store.ts";
import type { BoundId } from "./look.ts";
import type { Observation } from "./observation.ts";

/** When the newest believed record of one tenant in each of its stores was finished; null: there is none. */
export type Received = ReadonlyMap<StoreName, Date | null>;

/** What the tenants tell of the stores. */
export interface Evidence {
  /** Of each tenant. */
  readonly received: readonly Received[];
  readonly boundIds: ReadonlyMap<StoreName, BoundId>;
  /** Ids seen in earlier passes. */
  readonly knownIds: ReadonlyMap<StoreName, BoundId>;
  readonly now: Date;
}

/** Records reach all stores within minutes; a store that lags by more than this has stopped receiving. */
const lagMaxMs = 3_600_000;

export function judgeStores(answers: readonly StoreAnswer[], evidence: Evidence): readonly Observation[] {
  const { received, now } = evidence;
  const up = answers.filter(({ failure }) => failure === null);
  const found: Observation[] = answers.flatMap(({ observations }) => observations);
  const add = (kind: Observation["kind"], store: StoreName, detail: string, count = 1): void => {
    found.push({ kind, tenant: null, store, count, detail });
  };
  const ids = new Map(
    up.flatMap(({ store, storeId }) => (storeId === null ? [] : [[store, storeId] as const])),
  );
  for (const { name, other } of samePlaces(ids, ids.keys()))
    add("same-place", name, `it is the same place as ${other}: both have one store id`);
  for (const [store, storeId] of ids) {
    const expected = expectedId(store, evidence);
    if (expected !== undefined && expected.storeId !== storeId)
      add("store-changed", store, `its id is ${storeId}, and was ${expected.storeId}`);
  }
  for (const { store } of up) {
    const last = newestIn(store, received);
    const missed = received.filter((one) => one.has(store) && hasSettledAfter(last, store, one, now)).length;
    if (missed === 0) continue;
    const since =
      last === null ? "it never received one" : `its last is ${spell(now.getTime() - last.getTime())} old`;
    add(
      "store-stalled",
      store,
      `other stores received records of ${String(missed)} tenant${missed === 1 ? "" : "s"} since; ${since}`,
      missed,
    );
  }
  return found;
}

/** When the newest record of any tenant in the store was finished; null: it shows none. */
export function newestIn(store: StoreName, received: Evidence["received"]): Date | null {
  return received.reduce<Date | null>((newest, one) => {
    const at = one.get(store) ?? null;
    return at !== null && (newest === null || at > newest) ? at : newest;
  }, null);
}

function hasSettledAfter(last: Date | null, store: StoreName, received: Received, now: Date): boolean {
  return [...received].some(
    ([other, at]) =>
      other !== store &&
      at !== null &&
      (last === null || at > last) &&
      now.getTime() - at.getTime() > lagMaxMs,
  );
}

/** The id a store should have: what proofs of its copies say, or what it had before; the newer of the two. */
export function expectedId(
  store: StoreName,
  { boundIds, knownIds }: Pick<Evidence, "boundIds" | "knownIds">,
): BoundId | undefined {
  const [bound, known] = [boundIds.get(store), knownIds.get(store)];
  if (bound === undefined || known === undefined) return bound ?? known;
  return known.at > bound.at ? known : bound;
}
