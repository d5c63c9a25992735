/** Whom the stores hold, whatever the configuration says. */
import type { Waiting } from "../../base/waiting.ts";
import type { StoreName, TenantId } from "../../model/ids.ts";
import { askEach, demandAnswer, type StoreDown } from "../../repository/library.ts";
import { storedTenants } from "../../repository/stored-tenants.ts";
import type { ObjectReader } from "../../stores/store.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Output } from "./output.ts";

/** By store; one that is down is warned of. "store/quorum" when no store answers. */
export async function heldTenants(
  stores: readonly ObjectReader[],
  out: Output,
  wait: Waiting,
): Promise<{
  readonly answers: ReadonlyMap<StoreName, readonly TenantId[]>;
  readonly down: readonly StoreDown[];
}> {
  const { answers, down } = await askEach(
    stores,
    (store) => Array.fromAsync(storedTenants(store, wait)),
    wait,
  );
  demandAnswer("which tenants it holds", stores.length, down);
  for (const { store, failure } of down) out.say(`warning: ${store}: ${failure.message}`);
  return { answers, down };
}

/** Configured ones and those that lie in the stores, by name. */
export async function everyTenant(desk: Desk, out: Output, wait: Waiting): Promise<TenantId[]> {
  const { answers } = await heldTenants([...desk.stores.values()], out, wait);
  return [...new Set([...desk.config.tenants.keys(), ...[...answers.values()].flat()])].toSorted();
}
