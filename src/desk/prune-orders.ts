/** From the configuration to what retention is told. */
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { explain, type Explanation } from "../retention/explain.ts";
import type { PruneOrder } from "../retention/order.ts";
import { prune } from "../retention/prune.ts";
import type { PruneReport } from "../retention/report.ts";
import type { Desk } from "./desk.ts";

export interface PruneWish {
  /** Nothing is written; the report says what would be. */
  readonly isDry: boolean;
  /** In place of the plan's `pruneShareMax`. */
  readonly shareMax: number | null;
}

/** "keys/role" when this host may not sign removals. What stops a tenant is in the report. */
export async function pruneTenant(
  desk: Desk,
  tenant: Tenant,
  { isDry, shareMax }: PruneWish,
  wait: Waiting,
): Promise<PruneReport> {
  const order = pruneOrder(desk, tenant);
  const tools = { trust: await desk.trust(), clock: desk.machine.clock, signer: await desk.signer() };
  return prune(shareMax === null ? order : { ...order, shareMax }, tools, { isDry }, wait);
}

export async function explainTenant(desk: Desk, tenant: Tenant, wait: Waiting): Promise<Explanation> {
  return explain(pruneOrder(desk, tenant), { trust: await desk.trust(), clock: desk.machine.clock }, wait);
}

/** Every store of the configuration is asked: the tenant may have had others once. */
function pruneOrder(desk: Desk, { id, plan, stores, timeZone }: Tenant): PruneOrder {
  const { daily, weekly, monthly, yearly, lock, pruneShareMax } = plan.retention;
  const locking = [...desk.config.stores.values()].filter(
    (store) => store.driver === "s3" && store.lock !== null,
  );
  return {
    tenant: id,
    stores: [...desk.stores.values()],
    own: new Set(stores),
    terms: {
      places: { daily, weekly, monthly, yearly },
      timeZone,
      everyCopyWithinMs: plan.verification.everyCopyWithin,
    },
    shareMax: pruneShareMax,
    lockMs: new Map(lock === null ? [] : locking.map(({ name }) => [name, lock])),
  };
}
