import { isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting, within } from "../base/waiting.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import type { Shop } from "./shop.ts";
import { staleAfterMs } from "./stale-after.ts";

/** For how long one round reads; the next comes soon. */
const roundMs = 10_000;
const tenantLimitMs = 300_000;
/** Hosts that choose among so many rarely read the same tenant. */
const among = 16;

/** Reads tenants again whose index is old, longest ago first; after every job that of its tenant is read anyway. */
export async function refreshStalest(shop: Shop, wait: Waiting): Promise<void> {
  const { machine, catalog } = shop;
  const endsMs = machine.monotonicMs() + roundMs;
  const failed = new Set<string>();
  while (machine.monotonicMs() < endsMs) {
    stillWaiting(wait);
    using lease = shop.household.lease();
    const { desk, tenants } = lease.generation;
    const staleBefore = (await catalog.now(wait)).getTime() - staleAfterMs(tenants.size);
    const stale = (await catalog.index.stalest(among, wait)).filter(
      ({ tenant, refreshedAt }) =>
        (refreshedAt === null || refreshedAt.getTime() < staleBefore) && !failed.has(tenant),
    );
    const one = stale[(machine.chance(1)[0] ?? 0) % Math.max(1, stale.length)];
    const tenant = one === undefined ? undefined : tenants.get(one.tenant);
    if (tenant === undefined) return;
    try {
      await indexTenant(desk, catalog, tenant, within(wait, tenantLimitMs));
    } catch (error) {
      if (wait.signal.aborted || isFailure(error, "catalog/unreachable")) throw error;
      failed.add(tenant.id);
      shop.log.warn("index not refreshed", { tenant: tenant.id, error });
    }
  }
}
