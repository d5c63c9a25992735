import { isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting, within } from "../base/waiting.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import type { TenantId } from "../model/ids.ts";
import type { Shop } from "./shop.ts";
import { staleAfterMs } from "./stale-after.ts";

/** For how long one round reads; the next comes soon. */
const roundMs = 10_000;
const tenantLimitMs = 300_000;
/** Hosts that choose among so many rarely read the same tenant. */
const among = 16;

/** One that could not be read, or is not ours to read, makes room for the others for so long. */
const restMs = 600_000;
/** Where so many could not be read it is no tenant that fails. */
const restingMax = 512;

export interface Refresher {
  /** Reads tenants again whose index is old, longest ago first; after every job that of its tenant is read anyway. */
  refresh(wait: Waiting): Promise<void>;
}

export function createRefresher(shop: Shop): Refresher {
  const { machine, catalog } = shop;
  const restsUntilMs = new Map<TenantId, number>();
  const next = async (tenants: number, wait: Waiting): Promise<TenantId | null> => {
    const nowMs = machine.monotonicMs();
    for (const [tenant, untilMs] of restsUntilMs) if (untilMs < nowMs) restsUntilMs.delete(tenant);
    if (restsUntilMs.size >= restingMax) return null;
    const staleBefore = (await catalog.now(wait)).getTime() - staleAfterMs(tenants);
    const stale = (await catalog.index.stalest(among + restsUntilMs.size, wait)).filter(
      ({ tenant, refreshedAt }) =>
        (refreshedAt === null || refreshedAt.getTime() < staleBefore) && !restsUntilMs.has(tenant),
    );
    const some = stale.slice(0, among);
    return some[(machine.chance(1)[0] ?? 0) % Math.max(1, some.length)]?.tenant ?? null;
  };
  return {
    refresh: async (wait) => {
      const endsMs = machine.monotonicMs() + roundMs;
      while (machine.monotonicMs() < endsMs) {
        stillWaiting(wait);
        using lease = shop.household.lease();
        const { desk, tenants } = lease.generation;
        const id = await next(tenants.size, wait);
        if (id === null) return;
        const tenant = tenants.get(id);
        try {
          // Another host knows it, or nobody any more.
          if (tenant === undefined) restsUntilMs.set(id, machine.monotonicMs() + restMs);
          else await indexTenant(desk, catalog, tenant, within(wait, tenantLimitMs));
        } catch (error) {
          if (wait.signal.aborted || isFailure(error, "catalog/unreachable")) throw error;
          restsUntilMs.set(id, machine.monotonicMs() + restMs);
          shop.log.warn("index not refreshed", { tenant: id, error });
        }
      }
    },
  };
}
