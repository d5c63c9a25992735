import type { Tenant } from "../config/config.ts";
import type { Shelf } from "../repository/shelves.ts";
import type { AnyStore } from "../stores/around.ts";
import type { Desk } from "./desk.ts";

/** The tenant's stores, preferred ones first. A store locks when the configuration says how, and the plan for how long. */
export function shelvesOf(desk: Desk, tenant: Tenant): (Shelf & { readonly store: AnyStore })[] {
  return desk.storesOf(tenant).map((store) => {
    const config = desk.config.stores.get(store.name);
    const mode = config?.driver === "s3" ? config.lock : null;
    const keepMs = tenant.plan.retention.lock;
    return { store, lock: mode === null || keepMs === null ? null : { mode, keepMs } };
  });
}
