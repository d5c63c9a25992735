/** `holdfast hold list`: what is held, by whom and why, from the stores alone. */
import { exitCodes, type Failure, isFailure } from "../base/failure.ts";
import { holdStores } from "../desk/hold-orders.ts";
import type { HoldStatement } from "../model/documents.ts";
import { listHolds } from "../retention/hold.ts";
import { command } from "./frame/command.ts";
import { everyTenant } from "./frame/held-tenants.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { table } from "./frame/text.ts";

export const holdList = command({
  name: "hold list",
  usage: "[tenant]",
  describe: "list the holds in force, from the stores alone",
  examples: [
    ["hold list", "those of every tenant that any store knows"],
    ["hold list acme --json", "those of one, for a script"],
  ],
  options: (yargs) =>
    yargs.positional("tenant", { type: "string", describe: "a tenant; all when not given" }),
  run: async ({ tenant }, context, out) => {
    await using desk = await context.openDesk();
    const library = { trust: await desk.trust(), clock: desk.machine.clock };
    const tenants = tenant === undefined ? await everyTenant(desk, out, context.wait) : [parseTenant(tenant)];
    const found: HoldStatement[] = [];
    let isIncomplete = false;
    let isDoubtful = false;
    const tell = (one: string, { message }: Failure): void => {
      isIncomplete = true;
      out.say(`warning: ${one}: ${message}`);
    };
    for (const one of tenants) {
      try {
        const stores = await holdStores(desk, one, context.wait);
        const { holds, unreadable, down } = await listHolds(one, stores, library, context.wait);
        found.push(...holds);
        for (const { failure } of down) tell(one, failure);
        for (const { store, key, reason } of unreadable) {
          isDoubtful = true;
          out.say(`warning: ${one}: ${key} in ${store} may be a hold: ${reason}`);
        }
      } catch (error) {
        if (tenant !== undefined || !isFailure(error, "store/quorum") || context.wait.signal.aborted)
          throw error;
        tell(one, error);
      }
    }
    out.result(found, () => text(found));
    if (isDoubtful) return exitCodes.found;
    return isIncomplete ? exitCodes.degraded : exitCodes.done;
  },
});

function text(holds: readonly HoldStatement[]): string {
  if (holds.length === 0) return "there are no holds";
  return table(
    ["tenant", "hold", "backup", "since", "laid by", "reason"],
    holds.map(({ tenant, hold, backup, at, host, reason }) => [
      tenant,
      hold,
      backup ?? "all",
      at,
      host,
      reason,
    ]),
  );
}
