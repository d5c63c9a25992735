import type { Failure } from "../base/failure.ts";
import type { StoreName, TenantId } from "../model/ids.ts";

/** A store that a verb goes on without, why, and what helps. */
export function tellLeftOut(
  tenant: TenantId,
  store: StoreName,
  { message, hint }: Failure,
  say: (line: string) => void,
): void {
  say(`warning: ${tenant}: ${store} is left out: ${message}`);
  if (hint !== undefined) say(`  hint: ${hint}`);
}
