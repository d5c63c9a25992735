/** What commands about holds tell beside their results. */
import type { TenantId } from "../../model/ids.ts";
import type { StoreDown } from "../../repository/library.ts";
import type { Output } from "../frame/output.ts";

export function tellWritten(tenant: TenantId, down: readonly StoreDown[], out: Output): void {
  for (const { store, failure } of down) {
    out.say(`warning: ${tenant}: ${store} did not take it: ${failure.message}`);
  }
}
