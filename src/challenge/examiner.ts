/** How the challenge asks: through the very code that `verify` and `list` run. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { Desk } from "../desk/desk.ts";
import type { Talk } from "../desk/talk.ts";
import { verifyTenant, type VerifyWish } from "../desk/verify-orders.ts";
import { tenantStates, type TenantStates } from "../repository/states.ts";
import type { VerifyReport } from "../verify/report.ts";

/** What is under test. A blind one must be found out, which shows that the challenge can fail. */
export interface Examiner {
  /** Verifies one copy; throws as `verifyTenant` does. */
  verify(desk: Desk, tenant: Tenant, wish: VerifyWish, talk: Talk, wait: Waiting): Promise<VerifyReport>;
  /** What the stores hold of the tenant. */
  list(desk: Desk, tenant: Tenant, wait: Waiting): Promise<TenantStates>;
}

export const examiner: Examiner = {
  verify: async (desk, tenant, wish, talk, wait) => {
    const [report] = await verifyTenant(desk, tenant, wish, talk, wait);
    if (report !== undefined) return report;
    throw new Failure("internal/bug", `no report of the copy of ${wish.backup} in ${wish.store}`);
  },
  list: async (desk, tenant, wait) => tenantStates(tenant.id, await desk.library(tenant), wait),
};
