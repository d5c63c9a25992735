/** Where to look for a tenant's backups, be it configured or not: a store may outlive the configuration. */
import type { Waiting } from "../base/waiting.ts";
import { ruleThatMayMake } from "../config/match-discovered.ts";
import type { TenantId } from "../model/ids.ts";
import { tenantPrefix } from "../model/layout.ts";
import { askEach, type Library } from "../repository/library.ts";
import type { Desk } from "./desk.ts";
import { noTenant } from "./no-tenant.ts";

/**
 * The stores of a configured tenant; of any other one those that hold something of it or could not be asked, and
 * those that its rule of discovery wants to hold it, so that an empty one shows as lacking every copy.
 * "tenant/unknown" when every store was asked and none holds anything.
 */
export async function libraryOf(desk: Desk, tenant: TenantId, wait: Waiting): Promise<Library> {
  const configured = desk.config.tenants.get(tenant);
  if (configured !== undefined) return desk.library(configured);
  const stores = [...desk.stores.values()];
  const { answers } = await askEach(
    stores,
    async (store) => {
      for await (const _ of store.list(tenantPrefix(tenant), wait)) return true;
      return false;
    },
    wait,
  );
  if (stores.every(({ name }) => answers.get(name) === false))
    throw noTenant(tenant, desk.config.tenants.keys());
  const wanted = ruleThatMayMake(tenant, desk.config.discover)?.stores ?? [];
  const its = stores.filter(({ name }) => answers.get(name) !== false || wanted.includes(name));
  return { stores: its, trust: await desk.trust(), clock: desk.machine.clock };
}
