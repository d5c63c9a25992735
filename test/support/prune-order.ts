import type { PruneOrder } from "../../src/retention/order.ts";

/** A plan that keeps two days, over all of `stores`. */
export function pruneOrder(
  { tenant }: Pick<PruneOrder, "tenant">,
  stores: PruneOrder["stores"],
  changes: Partial<PruneOrder> = {},
): PruneOrder {
  return {
    tenant,
    stores,
    own: new Set(stores.map(({ name }) => name)),
    terms: {
      places: { daily: 2, weekly: 0, monthly: 0, yearly: 0 },
      timeZone: "UTC",
      everyCopyWithinMs: 86_400_000,
    },
    shareMax: 1,
    lockMs: new Map(),
    ...changes,
  };
}
