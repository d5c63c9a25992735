/** How all tenants stand by what the stores show, for who has no catalog. */
import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantHealth } from "../model/health.ts";
import type { Desk } from "./desk.ts";
import { healthFromStores } from "./store-health.ts";
import type { Talk } from "./talk.ts";

export interface FleetFromStores {
  /** By name; null when nothing could be learned of any tenant. */
  readonly fleet: readonly TenantHealth[] | null;
  /** Whether every source and every store answered. */
  readonly complete: boolean;
}

const tenantsAtOnce = 4;

/** Tenants of which nothing could be learned are left out and told: made-up figures would be worse. */
export async function fleetFromStores(
  desk: Desk,
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<FleetFromStores> {
  const asked = await desk.discovery();
  for (const { source, failure } of asked.unreachable)
    talk.say(`warning: source ${source} could not be asked: ${failure.message}`);
  const tenants = [...desk.config.tenants.values(), ...asked.tenants];
  const fleet: TenantHealth[] = [];
  const down = new Map<string, string>();
  await eachAtOnce(tenants, tenantsAtOnce, async (tenant) => {
    try {
      const found = await healthFromStores(desk, tenant, wait);
      fleet.push(found.health);
      for (const { store, failure } of found.down) down.set(store, failure.message);
    } catch (error) {
      if (!isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
      talk.say(`warning: ${tenant.id}: ${error.message}`);
    }
  });
  for (const [store, message] of down) talk.say(`warning: ${store}: ${message}`);
  return {
    fleet:
      tenants.length > 0 && fleet.length === 0
        ? null
        : fleet.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1)),
    complete: down.size === 0 && fleet.length === tenants.length && asked.unreachable.length === 0,
  };
}
