/** What a tenant's plan asks, as health is measured against it. */
import type { TenantTerms } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import type { TenantChoice } from "../model/schedule.ts";
import { expectedIntervalOf, expectedIntervalsOf } from "../model/schedule/expected-interval.ts";

/**
 * `choice` is what the tenant chose beside its plan: it may shorten the interval within which a backup is expected, and
 * lowers no promise of the plan. Null where none was made, or by whoever asks no catalog and cannot know.
 */
export function tenantTerms(
  { id, plan, stores }: Pick<Tenant, "id" | "plan" | "stores">,
  choice: TenantChoice | null,
): TenantTerms {
  const { copies, objectives, verification } = plan;
  return {
    tenant: id,
    quorum: copies.quorum,
    copiesRequired: copies.count,
    stores,
    expectedIntervalMs: expectedIntervalOf({ plan, choice }),
    expectedKinds: expectedIntervalsOf({ plan, choice }),
    recoveryPointMs: objectives.recoveryPoint,
    recoveryTimeMs: objectives.recoveryTime,
    proveWithinMs: verification.everyCopyWithin,
    proveAgainMs: verification.againWithin,
    scrubWithinMs: verification.scrubWithin,
  };
}
