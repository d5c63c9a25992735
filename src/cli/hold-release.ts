/** `holdfast hold release`: what was held goes by the rules of its plan again. */
import { exitCodes, Failure } from "../base/failure.ts";
import { holdDesk, holdStores } from "../desk/hold-orders.ts";
import { holdId } from "../model/ids.ts";
import { releaseHold } from "../retention/hold.ts";
import { command } from "./frame/command.ts";
import { tellWritten } from "./hold/text.ts";
import { parseTenant } from "./frame/parse-tenant.ts";

export const holdRelease = command({
  name: "hold release",
  usage: "<tenant> <hold>",
  describe: "release a hold: what it kept goes by its plan again",
  examples: [
    ["hold release acme 20261121T013000Z-k7f3qa --reason settled", "a signed release, kept in the stores"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", demandOption: true, describe: "id of the tenant" })
      .positional("hold", {
        type: "string",
        demandOption: true,
        describe: "id of the hold, from `hold list`",
      })
      .option("reason", {
        type: "string",
        requiresArg: true,
        demandOption: true,
        describe: "why; it is signed and kept in the stores",
      }),
  run: async (args, context, out) => {
    const tenant = parseTenant(args.tenant);
    const hold = holdId.safeParse(args.hold);
    if (!hold.success) throw new Failure("usage/invalid", `${args.hold} is no id of a hold`);
    if (args.reason.trim() === "") throw new Failure("usage/invalid", "--reason must say why");
    await using desk = await context.openDesk();
    const stores = await holdStores(desk, tenant, context.wait);
    const wish = { tenant, hold: hold.data, reason: args.reason };
    const written = await releaseHold(wish, stores, await holdDesk(desk), context.wait);
    tellWritten(tenant, written.down, out);
    out.result(
      { ...written.document, stores: written.stores },
      () => `hold ${hold.data} of ${tenant} is released, in ${written.stores.join(", ")}`,
    );
    return written.down.length > 0 ? exitCodes.degraded : exitCodes.done;
  },
});
