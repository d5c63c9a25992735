/** `holdfast hold add`: keep a backup, or everything of a tenant, until somebody releases it. */
import { exitCodes, Failure } from "../base/failure.ts";
import { holdDesk, holdStores } from "../desk/hold-orders.ts";
import { backupId } from "../model/ids.ts";
import { layHold } from "../retention/hold.ts";
import { command } from "./frame/command.ts";
import { tellWritten } from "./hold/text.ts";
import { parseTenant } from "./frame/parse-tenant.ts";

export const holdAdd = command({
  name: "hold add",
  usage: "<tenant>",
  describe: "hold a backup, or every one of a tenant: retention removes nothing that is held",
  examples: [
    ["hold add acme --reason litigation", "everything of a tenant, backups to come included"],
    ["hold add acme --backup 20261121T013000Z-k7f3qa --reason audit", "one backup"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", demandOption: true, describe: "id of the tenant" })
      .option("backup", { type: "string", requiresArg: true, describe: "one backup; all when not given" })
      .option("reason", {
        type: "string",
        requiresArg: true,
        demandOption: true,
        describe: "why; it is signed and kept in the stores, readable to whoever reads them",
      }),
  run: async (args, context, out) => {
    const tenant = parseTenant(args.tenant);
    const backup = args.backup === undefined ? null : backupId.safeParse(args.backup);
    if (backup?.success === false)
      throw new Failure("usage/invalid", `${String(args.backup)} is no id of a backup`);
    if (args.reason.trim() === "") throw new Failure("usage/invalid", "--reason must say why");
    await using desk = await context.openDesk();
    const stores = await holdStores(desk, tenant, context.wait);
    const wish = { tenant, backup: backup === null ? null : backup.data, reason: args.reason };
    const written = await layHold(wish, stores, await holdDesk(desk), context.wait);
    const { document } = written;
    tellWritten(tenant, written.down, out);
    for (const store of written.lostIn) {
      out.say(
        `warning: ${tenant}: a prune took the record out of ${store} meanwhile; other stores keep it, and \`holdfast replicate\` brings it back once a prune of the day after has let it`,
      );
    }
    out.result(
      { ...document, stores: written.stores, lostIn: written.lostIn },
      () =>
        `hold ${document.hold} keeps ${document.backup ?? "every backup"} of ${tenant}, in ${written.stores.join(", ")}`,
    );
    return written.down.length > 0 || written.lostIn.length > 0 ? exitCodes.degraded : exitCodes.done;
  },
});
