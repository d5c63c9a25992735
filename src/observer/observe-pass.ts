/**
 * One pass of the observer over all stores: what a daemon that is dead, or lies, cannot tell. It is told
 * by the stores alone, writes nothing anywhere and holds no key that opens or signs anything.
 */
import type { Failure, FailureCode } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantHealth } from "../model/health.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";
import { askStore, type StoreAnswer } from "./ask-store.ts";
import { currentLook } from "./current-look.ts";
import { type Evidence, expectedId, judgeStores, newestIn, type Received } from "./judge-stores.ts";
import { judgeTenant } from "./judge-tenant.ts";
import { newestIds } from "./look.ts";
import type { ObserverMemory } from "./memory.ts";
import { inOrder, joined, type Observation } from "./observation.ts";
import type { ObservedTenant, ObserverOrder } from "./order.ts";

export interface SeenStore extends Pick<StoreAnswer, "store" | "storeId" | "aheadMs"> {
  /** Why it, or something of one tenant in it, could not be asked; null when all could. */
  readonly failure: Failure | null;
  /** When the newest believed record in it was finished; null: none was seen. */
  readonly newestRecordAt: Date | null;
}

/** What one pass saw. */
export interface Sight {
  /** When the pass began. */
  readonly at: Date;
  readonly stores: readonly SeenStore[];
  readonly health: readonly TenantHealth[];
  readonly observations: readonly Observation[];
}

const tenantsAtOnce = 8;
const ofWholeStore: ReadonlySet<FailureCode> = new Set([
  "store/unreachable",
  "store/protocol",
  "store/clock",
  "wait/expired",
]);

/**
 * Stores that cannot be asked are told as such and hide nobody: what was last seen there stands until the
 * next thorough look at a tenant, and is unknown from then on. `memory` is kept between passes; a fresh
 * one costs only time. Throws when the wait ends.
 */
export async function observePass(
  order: ObserverOrder,
  memory: ObserverMemory,
  wait: Waiting,
): Promise<Sight> {
  const { clock } = order;
  const at = clock.now();
  memory.documents.tidy();
  const answers = await Promise.all(
    order.stores.map((store) => askStore(store, memory.holders, clock, wait)),
  );
  const pass: Pass = { order, memory, silent: silentOf(answers), partly: new Map() };
  const tenants = tenantsOf(order, memory, answers);
  for (const known of memory.looks.keys()) if (!tenants.has(known)) memory.looks.delete(known);
  const seen: SeenTenant[] = [];
  await eachAtOnce(tenants, tenantsAtOnce, async ([tenant, observed]) => {
    const one = await seeTenant(tenant, observed, pass, wait);
    if (one !== null) seen.push(one);
  });
  const received = seen.map((one) => one.received);
  const unplanned = seen.filter(({ health, isPlanned }) => health !== null && !isPlanned);
  const boundIds = newestIds(memory.looks.values().map(({ look }) => look.boundIds));
  const evidence = { received, boundIds, knownIds: memory.storeIds, now: clock.now() };
  const observations = [
    ...seen.flatMap((one) => one.observations),
    ...judgeStores(answers, evidence),
    ...ofUnplanned(unplanned.map(({ tenant }) => tenant)),
  ];
  rememberIds(memory, answers, evidence, at);
  return {
    at,
    stores: answers.map(({ store, storeId, aheadMs }) => ({
      store,
      failure: pass.silent.get(store) ?? pass.partly.get(store) ?? null,
      storeId,
      aheadMs,
      newestRecordAt: newestIn(store, received),
    })),
    health: seen
      .flatMap(({ health }) => health ?? [])
      .toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1)),
    observations: inOrder(joined(observations)),
  };
}

interface Pass {
  readonly order: ObserverOrder;
  readonly memory: ObserverMemory;
  /** Stores that are not asked any more in this pass. */
  readonly silent: Map<StoreName, Failure>;
  /** Those that refused something of one tenant. */
  readonly partly: Map<StoreName, Failure>;
}

function silentOf(answers: readonly StoreAnswer[]): Map<StoreName, Failure> {
  return new Map(
    answers.flatMap(({ store, failure }) => (failure === null ? [] : [[store, failure] as const])),
  );
}

/** One that falls silent is not waited for by each tenant anew; one that refuses a single tenant hides no other. */
function note({ silent, partly }: Pass, store: StoreName, failure: Failure): void {
  (ofWholeStore.has(failure.code) ? silent : partly).set(store, failure);
}

interface SeenTenant {
  readonly tenant: TenantId;
  readonly isPlanned: boolean;
  readonly health: TenantHealth | null;
  readonly observations: readonly Observation[];
  readonly received: Received;
}

/** Null where no store that may hold it could be asked, and none was before. */
async function seeTenant(
  tenant: TenantId,
  observed: ObservedTenant,
  pass: Pass,
  wait: Waiting,
): Promise<SeenTenant | null> {
  const { order, memory, silent } = pass;
  const stores = storesOf(observed, order).filter(({ name }) => !silent.has(name));
  const { look, down } = await currentLook(tenant, { ...order, stores }, memory, wait);
  for (const { store, failure } of down) note(pass, store, failure);
  if (look === null) return null;
  const isAsked = (store: StoreName): boolean =>
    !silent.has(store) && look.asked.includes(store) && !down.some((one) => one.store === store);
  const unasked = new Set(observed.terms.stores.filter((store) => !isAsked(store)));
  const tip = memory.tips.get(tenant) ?? null;
  const judged = judgeTenant(look, observed, { unasked, tip, now: order.clock.now() });
  if (look.highest !== null && look.highest.counter >= (tip?.counter ?? 0))
    memory.tips.set(tenant, look.highest);
  return {
    tenant,
    isPlanned: observed.schedule !== null,
    ...judged,
    received: new Map(observed.terms.stores.map((store) => [store, look.newestIn.get(store) ?? null])),
  };
}

/** But no id that contradicts what is known of its store. */
function rememberIds(
  memory: ObserverMemory,
  answers: readonly StoreAnswer[],
  evidence: Evidence,
  at: Date,
): void {
  for (const { store, storeId } of answers) {
    const expected = expectedId(store, evidence);
    if (storeId !== null && (expected === undefined || expected.storeId === storeId))
      memory.storeIds.set(store, { storeId, at });
  }
}

function storesOf({ terms }: ObservedTenant, { stores }: ObserverOrder): readonly ObjectReader[] {
  return stores.map(({ reader }) => reader).filter(({ name }) => terms.stores.includes(name));
}

/**
 * One for all of them: there may be thousands. Silence about them would read as if all were well, and a
 * daemon that died long ago would never be told of.
 */
function ofUnplanned(tenants: readonly TenantId[]): readonly Observation[] {
  const [first] = tenants.toSorted();
  if (first === undefined) return [];
  const detail = `${first}: no plan is known for it here; name it under tenants, or a rule that fits under discover`;
  return [{ kind: "tenant-unplanned", tenant: null, store: null, count: tenants.length, detail }];
}

/** Configured ones, those that lie in stores, and those that lay in one that is silent now. */
function tenantsOf(
  order: ObserverOrder,
  memory: ObserverMemory,
  answers: readonly StoreAnswer[],
): ReadonlyMap<TenantId, ObservedTenant> {
  const holders = new Map<TenantId, StoreName[]>();
  for (const { store, tenants } of answers) {
    for (const tenant of tenants) holders.set(tenant, [...(holders.get(tenant) ?? []), store]);
  }
  const silent = answers.filter(({ failure }) => failure !== null).map(({ store }) => store);
  for (const [tenant, { look }] of memory.looks) {
    const lain = look.asked.filter((store) => silent.includes(store));
    if (lain.length > 0) holders.set(tenant, [...(holders.get(tenant) ?? []), ...lain]);
  }
  const tenants = new Map(order.tenants);
  for (const [tenant, stores] of holders) {
    if (!tenants.has(tenant)) tenants.set(tenant, order.stranger(tenant, stores));
  }
  return tenants;
}
