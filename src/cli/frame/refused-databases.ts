import type { Desk } from "../../desk/desk.ts";
import type { Output } from "./output.ts";

/**
 * Tells which databases a rule of discovery matches and cannot make tenants of, and resolves with how
 * many: who asked for all tenants did not get those.
 */
export async function tellRefused(desk: Desk, out: Output): Promise<number> {
  const { refused } = await desk.discovery();
  for (const { source, database, reason } of refused)
    out.say(`warning: database ${database} of ${source} is no tenant: ${reason}`);
  return refused.length;
}
