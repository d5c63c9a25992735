/** From the configuration to what the observer is told: stores, trusted keys and terms, and nothing that opens, signs or writes. */
import type { Config, Tenant } from "../config/config.ts";
import { ruleThatMayMake } from "../config/match-discovered.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { ObservedTenant, ObserverOrder } from "../observer/order.ts";
import { readerOnly } from "../stores/reader-only.ts";
import type { Desk } from "./desk.ts";
import { tenantTerms } from "./tenant-terms.ts";

/** Neither sources nor catalog are asked, and of the keys only those that are trusted are read. */
export async function observerOrder(
  desk: Pick<Desk, "config" | "stores" | "trust" | "machine">,
): Promise<ObserverOrder> {
  const { config, machine } = desk;
  return {
    // To ask a folder for its time a file has to be written there.
    stores: [...desk.stores.values()].map((store) => ({
      reader: readerOnly(store),
      tellsTime: config.stores.get(store.name)?.driver !== "directory",
    })),
    tenants: new Map([...config.tenants].map(([id, tenant]) => [id, observed(tenant)])),
    stranger: (tenant, holders) => stranger(config, tenant, holders),
    trust: await desk.trust(),
    clock: machine.clock,
    chance: machine.chance,
  };
}

/** What a tenant chose beside its plan is in the catalog, and is not expected here. */
function observed(tenant: Pick<Tenant, "id" | "plan" | "stores" | "timeZone">): ObservedTenant {
  const { plan, timeZone } = tenant;
  return { terms: tenantTerms(tenant, null), schedule: { plan, timeZone, choice: null } };
}

/**
 * A tenant that is only known from stores: discovered, or no longer configured. It is held to
 * the plan of the rule of discovery that may have made it; where nobody can tell which, nothing is expected of it.
 */
function stranger(config: Config, tenant: TenantId, holders: readonly StoreName[]): ObservedTenant {
  const rule = ruleThatMayMake(tenant, config.discover);
  if (rule !== null) {
    const { plan, stores } = rule;
    return observed({ id: tenant, plan, stores, timeZone: plan.schedules.timeZone });
  }
  return {
    schedule: null,
    terms: {
      tenant,
      quorum: 1,
      copiesRequired: 0,
      stores: holders,
      expectedIntervalMs: null,
      recoveryPointMs: Infinity,
      recoveryTimeMs: Infinity,
      proveWithinMs: Infinity,
      proveAgainMs: null,
    },
  };
}
