/** Where to look for a tenant's backups, be it configured or not: a store may outlive the configuration. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantId } from "../model/ids.ts";
import { tenantPrefix } from "../model/layout.ts";
import { askEach, type Library } from "../repository/library.ts";
import type { Desk } from "./desk.ts";

/**
 * The stores of a configured tenant; of any other one those that hold something of it, or could not
 * be asked. "tenant/unknown" when every store was asked and none does.
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
  const holding = stores.filter(({ name }) => answers.get(name) !== false);
  if (holding.length === 0) throw new Failure("tenant/unknown", `there is no tenant ${tenant}`);
  return { stores: holding, trust: await desk.trust(), clock: desk.machine.clock };
}
