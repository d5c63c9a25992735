/** What a tenant's plan asks, as health is measured against it. */
import type { TenantTerms } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import { expectedIntervalMs } from "../model/plan.ts";

/** What the tenant chose beside its plan is not in it: a choice adds backups and lowers no promise of the plan. */
export function tenantTerms({ id, plan, stores }: Pick<Tenant, "id" | "plan" | "stores">): TenantTerms {
  const { copies, objectives, verification } = plan;
  return {
    tenant: id,
    quorum: copies.quorum,
    copiesRequired: copies.count,
    stores,
    expectedIntervalMs: expectedIntervalMs(plan),
    recoveryPointMs: objectives.recoveryPoint,
    recoveryTimeMs: objectives.recoveryTime,
    proveWithinMs: verification.everyCopyWithin,
    proveAgainMs: verification.againWithin,
    scrubWithinMs: verification.scrubWithin,
  };
}
