/** `holdfast list`: what the stores hold, from the stores alone. */
import { append } from "../base/append.ts";
import { exitCodes, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantId } from "../model/ids.ts";
import { tenantStates, type TenantStates } from "../repository/states.ts";
import { command } from "./frame/command.ts";
import type { Desk } from "../desk/desk.ts";
import { groupedNotesByBackup } from "../desk/grouped-notes.ts";
import { everyTenant } from "./frame/held-tenants.ts";
import type { Output } from "./frame/output.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { tellStoresBeside } from "../desk/tell-stores-beside.ts";
import { libraryOf } from "../desk/tenant-library.ts";
import { spellBytes, table } from "./frame/text.ts";
import { copyText, type ListedBackup, listedBackup } from "./list/listed-backup.ts";

export const list = command({
  name: "list",
  usage: "[tenant]",
  describe: "list backups, the state of each copy and its newest proof, from the stores alone",
  examples: [
    ["list", "the backups of every tenant that any store knows"],
    ["list acme --json", "those of one tenant, newest first, for a script"],
  ],
  options: (yargs) =>
    yargs.positional("tenant", { type: "string", describe: "a tenant; all when not given" }),
  run: async ({ tenant }, context, out) => {
    await using desk = await context.openDesk();
    const tenants = tenant === undefined ? await everyTenant(desk, out, context.wait) : [parseTenant(tenant)];
    const listed: ListedBackup[] = [];
    const silent = new Map<TenantId, readonly string[]>();
    let incomplete = false;
    for (const one of tenants) {
      const states = await statesOrTell(desk, one, { alone: tenant !== undefined }, out, context.wait);
      incomplete ||= states === null || states.down.length > 0;
      if (states === null) continue;
      const { backups, gaps, notes, down } = states;
      silent.set(
        one,
        down.map(({ store }) => store),
      );
      for (const note of groupedNotesByBackup(notes)) out.say(`warning: ${one}: ${note}`);
      for (const { backup, missing, reason } of gaps) {
        out.say(`warning: ${one}: ${backup} follows ${missing}, which is ${reason}`);
      }
      if (backups.length === 0) await tellStoresBeside(desk, { tenant: one }, out, context.wait);
      append(
        listed,
        backups.map((entry) => listedBackup(one, entry)),
      );
    }
    out.result(listed, () => text(listed, silent));
    return incomplete ? exitCodes.degraded : exitCodes.done;
  },
});

/** Of several tenants one whose stores are all down hides no other; null then, and told. */
async function statesOrTell(
  desk: Desk,
  tenant: TenantId,
  { alone }: { readonly alone: boolean },
  out: Output,
  wait: Waiting,
): Promise<TenantStates | null> {
  try {
    return await tenantStates(tenant, await libraryOf(desk, tenant, wait), wait);
  } catch (error) {
    if (alone || !isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
    out.say(`warning: ${tenant}: ${error.message}`);
    return null;
  }
}

/** `silent`: stores that were asked about a tenant and did not answer; what they hold is not known. */
function text(listed: readonly ListedBackup[], silent: ReadonlyMap<TenantId, readonly string[]>): string {
  if (listed.length === 0) return "there are no backups";
  return table(
    ["tenant", "backup", "kind", "at", "size", "copies"],
    listed.map((one) => [
      one.tenant,
      one.backup,
      one.suspect ? "suspect" : one.kind,
      one.at,
      spellBytes(one.plainBytes),
      Object.entries(one.copies)
        .map(([store, copy]) =>
          silent.get(one.tenant)?.includes(store) === true
            ? `${store} not known, it does not answer`
            : `${store} ${copyText(copy, one.suspect)}`,
        )
        .join("\n"),
    ]),
  );
}
