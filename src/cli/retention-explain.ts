/** `holdfast retention explain`: for each backup the rules that keep it, or what would remove it and when. */
import { exitCodes } from "../base/failure.ts";
import { explainTenant } from "../desk/prune-orders.ts";
import type { Explanation } from "../retention/explain.ts";
import { command } from "./command.ts";
import { reasonText, ruleText, stopText } from "./keep-text.ts";
import { parseTenant } from "./list.ts";
import { table } from "./text.ts";

export const retentionExplain = command({
  name: "retention explain",
  usage: "<tenant>",
  describe: "say for each backup which rules keep it, or what would remove it and when; removes nothing",
  examples: [
    ["retention explain acme", "a line for every backup, and what would stop a prune"],
    ["retention explain acme --json", "the same for a script"],
  ],
  options: (yargs) =>
    yargs.positional("tenant", { type: "string", demandOption: true, describe: "id of the tenant" }),
  run: async (args, context, out) => {
    await using desk = await context.openDesk();
    const tenant = await desk.tenant(parseTenant(args.tenant));
    const explanation = await explainTenant(desk, tenant, context.wait);
    for (const stop of explanation.stops) out.say(`warning: ${tenant.id}: ${stopText(stop)}`);
    out.result(explanation, () => text(explanation));
    return explanation.stops.length > 0 ? exitCodes.found : exitCodes.done;
  },
});

function text({ isErased, backups, tenant }: Explanation): string {
  if (isErased) return `${tenant} was erased`;
  if (backups.length === 0) return "there are no backups";
  return table(
    ["backup", "kind", "at", "proven in", "kept by", "goes"],
    backups.map(({ backup, kind, at, provenIn, keptBy, removal }) => [
      backup,
      kind,
      at,
      provenIn.join(", "),
      keptBy.map(ruleText).join("\n"),
      removal === null
        ? ""
        : `record from ${removal.recordFrom}\nobjects from ${removal.objectsFrom}\n${reasonText(removal.reason)}`,
    ]),
  );
}
