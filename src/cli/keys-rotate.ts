/** `holdfast keys rotate`: a new generation of one tenant's keys. */
import { exitCodes } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { type MintedKeySet, rotateKeySet } from "../keys/mint-key-set.ts";
import { highestNamed, readRecords } from "../repository/records.ts";
import { refuseErased } from "../repository/tombstone.ts";
import { command } from "./frame/command.ts";
import type { Desk } from "../desk/desk.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { table } from "./frame/text.ts";

export const keysRotate = command({
  name: "keys rotate",
  usage: "<tenant>",
  describe: "make the next generation of a tenant's keys, for all backups from now on",
  examples: [
    ["keys rotate acme", "the next backup seals every chunk anew; older ones keep their keys"],
    ["keys rotate acme --json", "the same for a script"],
  ],
  options: (yargs) =>
    yargs.positional("tenant", { type: "string", demandOption: true, describe: "id of the tenant" }),
  run: async (args, context, out) => {
    await using desk = await context.openDesk();
    const tenant = await desk.tenant(parseTenant(args.tenant));
    const minted = await rotate(desk, tenant, context.wait);
    const stores = minted.places.map(({ store, failure }) => ({
      store,
      state: failure === null ? "present" : "missing",
      problem: failure?.message ?? null,
    }));
    const { generation, statement } = minted.keySet;
    out.result({ tenant: tenant.id, generation, recipient: statement.recipient, stores }, () =>
      [
        `${tenant.id} has keys of generation ${String(generation)}, recipient ${statement.recipient}`,
        table(
          ["store", "keys", "problem"],
          stores.map(({ store, state, problem }) => [store, state, problem ?? ""]),
        ),
      ].join("\n"),
    );
    return stores.every(({ state }) => state === "present") ? exitCodes.done : exitCodes.degraded;
  },
});

/** "policy/refused" for an erased tenant. Above every generation that a record names, also one whose keys were lost. */
async function rotate(desk: Desk, tenant: Tenant, wait: Waiting): Promise<MintedKeySet> {
  const library = await desk.library(tenant);
  const { id } = tenant;
  let least = 0;
  for (const store of library.stores) {
    await refuseErased(id, store, library, wait);
    least = Math.max(least, highestNamed(await readRecords(id, store, library, wait)));
  }
  return rotateKeySet(id, desk.storesOf(tenant), await desk.mint(), wait, least);
}
