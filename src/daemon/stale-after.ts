const leastMs = 10 * 60_000;
const mostMs = 6 * 3_600_000;
const perTenantMs = 5000;

/**
 * The age in milliseconds at which a tenant's index is read again though nothing was done to it: what other
 * hosts and people changed in the stores is seen within this time. One tenant in five seconds over
 * all, so that stores are asked as often by a fleet of a hundred as by one of thousands; at least every
 * ten minutes and at most every six hours each.
 */
export function staleAfterMs(tenants: number): number {
  return Math.min(mostMs, Math.max(leastMs, tenants * perTenantMs));
}
