/**
 * Findings: what a scrub found damaged in a store, and what is whole there again (trap 23). Signed as
 * proofs are, bound to the store's id, and written to every store of the tenant, so that a store
 * cannot hide what is wrong with it.
 */
import { compactUtc } from "../base/clock.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { type FindingsList, findingsList } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { compareInstants } from "../model/instant.ts";
import { findingsKey, findingsPrefix } from "../model/layout.ts";
import type { Signer } from "../keys/signing.ts";
import type { ObjectReader, Store } from "../stores/store.ts";
import { isFromFuture } from "./clocks.ts";
import { askEach, type Library, type StoreDown } from "./library.ts";
import { isTaken, putStatement, statementBytes } from "./put-statement.ts";
import { readSigned, type SignedForm, signReadable } from "./signed.ts";

const readsAtOnce = 8;

/**
 * Every trusted list that one store holds, about any store, newest first. What is forged, misplaced,
 * unreadable or from the future is passed over. Throws what kept us from asking.
 */
export async function readFindings(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly FindingsList[]> {
  const keys: ObjectKey[] = [];
  for await (const { key } of store.list(findingsPrefix(tenant), wait)) keys.push(key);
  const found: FindingsList[] = [];
  await eachAtOnce(keys, readsAtOnce, async (key) => {
    try {
      const reading = await readSigned(store, key, findingsForm(tenant, key, library.trust), wait);
      if (reading.kind === "good" && !isFromFuture(reading.document.at, library.clock.now()))
        found.push(reading.document);
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return found.toSorted((one, other) => compareInstants(other.at, one.at));
}

export interface FindingsOrder {
  readonly tenant: TenantId;
  /** What the findings are about. */
  readonly store: StoreName;
  readonly storeId: string;
  readonly host: string;
  /** Not before this; later where that second is taken. */
  readonly at: Date;
  readonly damaged: readonly ObjectKey[];
  readonly healed: readonly ObjectKey[];
  readonly misnamed?: readonly ObjectKey[];
  /** Where they go. */
  readonly stores: readonly Store[];
}

/** A list must stay readable within the limit on documents. */
export const keysPerList = 20_000;
const secondsMax = 60;

/**
 * Resolves with the stores that took every list and those that could not. "keys/role" when nobody would
 * believe our signature, which a caller who gives no `trust` has seen to; the first store's failure when none took them.
 */
export async function writeFindings(
  order: FindingsOrder,
  { signer, trust }: { readonly signer: Signer; readonly trust: Library["trust"] | null },
  wait: Waiting,
): Promise<{ readonly stores: readonly StoreName[]; readonly down: readonly StoreDown[] }> {
  const { tenant, store, storeId, host } = order;
  const format = { name: "holdfast-findings", version: 1 } as const;
  let at = order.at;
  let taking = order.stores;
  const down: StoreDown[] = [];
  for (const part of parts(order)) {
    at = await freeSecond({ tenant, store, at }, taking, wait);
    const list: FindingsList = { format, tenant, store, storeId, at: at.toISOString(), host, ...part };
    const body = await signReadable(signer, { purpose: "proof", schema: findingsList }, list);
    if (trust !== null) await demandTrusted(body, trust);
    const statement = statementBytes(findingsKey(tenant, store, at), body);
    const ends = await askEach(taking, (target) => putStatement(statement, target, wait), wait);
    down.push(...ends.down);
    const [first] = down;
    if (ends.answers.size === 0)
      throw first?.failure ?? new Failure("store/quorum", `there is no store for findings about ${store}`);
    taking = taking.filter(({ name }) => ends.answers.has(name));
    at = new Date(at.getTime() + 1000);
  }
  return { stores: taking.map(({ name }) => name), down };
}

/** The form of a list under this key. */
export function findingsForm(
  tenant: TenantId,
  key: ObjectKey,
  trust: Library["trust"],
): SignedForm<FindingsList> {
  return {
    purpose: "proof",
    schema: findingsList,
    trust,
    misplaced: (list) =>
      list.tenant === tenant && findingsKey(tenant, list.store, new Date(list.at)) === key
        ? null
        : `it says it is about ${list.store} of ${list.tenant} at ${list.at}`,
  };
}

type Part = Pick<FindingsList, "damaged" | "healed" | "misnamed">;

function parts({ damaged, healed, misnamed = [] }: FindingsOrder): readonly Part[] {
  const none: Part = { damaged: [], healed: [] };
  const all = damaged.length + healed.length + misnamed.length;
  if (all === 0) return [];
  if (all <= keysPerList)
    return [
      {
        damaged: [...damaged],
        healed: [...healed],
        ...(misnamed.length === 0 ? {} : { misnamed: [...misnamed] }),
      },
    ];
  return [
    ...cut(damaged).map((some) => ({ ...none, damaged: some })),
    ...cut(healed).map((some) => ({ ...none, healed: some })),
    ...cut(misnamed).map((some) => ({ ...none, misnamed: some })),
  ];
}

function cut(keys: readonly ObjectKey[]): readonly ObjectKey[][] {
  return Array.from({ length: Math.ceil(keys.length / keysPerList) }, (_, at) =>
    keys.slice(at * keysPerList, (at + 1) * keysPerList),
  );
}

/** Two lists about one store within a second would want the same key. */
async function freeSecond(
  { tenant, store, at: from }: Pick<FindingsOrder, "tenant" | "store" | "at">,
  stores: readonly Store[],
  wait: Waiting,
): Promise<Date> {
  for (let second = 0; second < secondsMax; second += 1) {
    const at = new Date(from.getTime() + second * 1000);
    const key = findingsKey(tenant, store, at);
    if (!(await isTaken(key, stores, wait))) return at;
  }
  throw new Failure(
    "store/exists",
    `there are findings about ${store} for each second after ${compactUtc(from)}`,
  );
}

async function demandTrusted(body: Uint8Array, trust: Library["trust"]): Promise<void> {
  try {
    await trust.verify("proof", body);
  } catch (error) {
    if (!isFailure(error, "keys/signature")) throw error;
    throw new Failure("keys/role", "nobody would believe findings signed by this host", {
      cause: error,
      hint: "keys.trusted must name its signing key with `proof`",
    });
  }
}
