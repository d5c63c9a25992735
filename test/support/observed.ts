/** An observer over the stores of a test: it is given nothing but readers, terms and trusted keys. */
import { systemChance } from "../../src/base/chance.ts";
import type { StoreName, TenantId } from "../../src/model/ids.ts";
import { plan, type Plan } from "../../src/model/plan.ts";
import { newMemory, type ObserverMemory } from "../../src/observer/memory.ts";
import { observePass, type Sight } from "../../src/observer/observe-pass.ts";
import type { ObservationKind } from "../../src/observer/observation.ts";
import type { ObservedTenant, ObserverOrder } from "../../src/observer/order.ts";
import type { ObjectReader } from "../../src/stores/store.ts";
import { type House, never } from "./repository-fixture.ts";

/** Daily at 11 o'clock UTC within half an hour, proof within two days. */
export const dailyPlan: Plan = plan.parse({
  version: 1,
  title: "Daily",
  schedules: { daily: { from: "11:00", spread: "30m" }, weekly: null },
  tenantChoice: null,
  copies: { count: 2, quorum: 1 },
  residency: "any",
  retention: { daily: 7, weekly: 0, monthly: 0, yearly: 0, lock: null, pruneShareMax: 1 },
  verification: { everyCopyWithin: "2d", indexes: "never" },
  objectives: { recoveryPoint: "2d", recoveryTime: "4h" },
  maxSnapshotAge: "1h",
});

export function observedTenant(tenant: TenantId, stores: readonly StoreName[]): ObservedTenant {
  return {
    terms: {
      tenant,
      stores,
      quorum: 1,
      copiesRequired: 2,
      expectedIntervalMs: 86_400_000,
      recoveryPointMs: dailyPlan.objectives.recoveryPoint,
      recoveryTimeMs: dailyPlan.objectives.recoveryTime,
      proveWithinMs: dailyPlan.verification.everyCopyWithin,
      proveAgainMs: null,
    },
    schedule: { plan: dailyPlan, timeZone: "UTC", choice: null },
  };
}

export interface Watch {
  readonly memory: ObserverMemory;
  pass(): Promise<Sight>;
  /** The kinds of what a pass finds, each once, sorted, with the store it is about. */
  finds(): Promise<readonly string[]>;
}

/** Watches the tenant of the house, with a memory of its own. */
export function watchOver(house: House, stores: readonly ObjectReader[]): Watch {
  const names = stores.map(({ name }) => name);
  const order: ObserverOrder = {
    stores: stores.map((reader) => ({ reader, tellsTime: true })),
    tenants: new Map([[house.tenant, observedTenant(house.tenant, names)]]),
    stranger: observedTenant,
    trust: house.trust,
    clock: house.clock,
    chance: systemChance,
  };
  const memory = newMemory(house.clock);
  const pass: Watch["pass"] = async () => observePass(order, memory, never);
  return {
    memory,
    pass,
    finds: async () => [...new Set((await pass()).observations.map(named))].toSorted(),
  };
}

function named({
  kind,
  store,
}: {
  readonly kind: ObservationKind;
  readonly store: StoreName | null;
}): string {
  return store === null ? kind : `${kind} ${store}`;
}
