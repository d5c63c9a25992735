/** How a tenant stands by what its stores show, without any catalog. */
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { TenantHealth } from "../model/health.ts";
import { healthOf } from "../repository/health.ts";
import type { StoreDown } from "../repository/library.ts";
import { tenantStates } from "../repository/states.ts";
import type { Desk } from "./desk.ts";
import { tenantTerms } from "./tenant-terms.ts";

/** "store/quorum" when none of the tenant's stores could be asked; `down` are those that could not. */
export async function healthFromStores(
  desk: Pick<Desk, "library">,
  tenant: Tenant,
  wait: Waiting,
): Promise<{ readonly health: TenantHealth; readonly down: readonly StoreDown[] }> {
  const { backups, down } = await tenantStates(tenant.id, await desk.library(tenant), wait);
  const unasked = new Set(down.map(({ store }) => store));
  return { health: healthOf(backups, tenantTerms(tenant, null), unasked), down };
}
