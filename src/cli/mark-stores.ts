import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { ensureDescriptor } from "../stores/describe.ts";
import type { Desk } from "./desk.ts";

/**
 * Gives every store of these tenants its `holdfast.json` where it has none: a proof is bound to the
 * id of its store, so a copy in a store without one could never count as proven. A store that fails
 * is passed over here; the backup itself finds it missing and says so.
 */
export async function markStores(desk: Desk, tenants: readonly Tenant[], wait: Waiting): Promise<void> {
  const stores = new Set(tenants.flatMap((tenant) => desk.storesOf(tenant)));
  const { chance, clock } = desk.machine;
  await Promise.all(
    stores.values().map(async (store) => {
      try {
        await ensureDescriptor(store, chance, clock, wait);
      } catch (error) {
        if (!isFailure(error) || wait.signal.aborted) throw error;
      }
    }),
  );
}
