/** `holdfast retention explain`: for each backup the rules that keep it, or what would remove it and when. */
import { exitCodes } from "../base/failure.ts";
import { againstPlanText } from "../desk/against-plan-text.ts";
import { explainTenant } from "../desk/prune-orders.ts";
import type { ExplainedBackup, Explanation } from "../retention/explain.ts";
import { command } from "./frame/command.ts";
import { reasonText, ruleText, stopText } from "./retention/keep-text.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { table } from "./frame/text.ts";

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
    for (const one of explanation.againstPlan) out.say(`warning: ${tenant.id}: ${againstPlanText(one)}`);
    for (const stop of explanation.stops) out.say(`warning: ${tenant.id}: ${stopText(stop)}`);
    out.result(explanation, () => text(explanation));
    return explanation.stops.length > 0 ? exitCodes.found : exitCodes.done;
  },
});

function text({ isErased, backups, tenant }: Explanation): string {
  if (isErased) return `${tenant} was erased`;
  if (backups.length === 0) return "there are no backups";
  return table(
    ["backup", "kind", "at", "tried", "kept by", "goes"],
    backups.map(({ backup, kind, at, provenIn, refutedIn, keptBy, removal }) => [
      backup,
      kind,
      at,
      triedText(provenIn, refutedIn),
      keptBy.length === 0 ? "nothing" : keptBy.map(ruleText).join("\n"),
      goesText(removal, keptBy.length > 0),
    ]),
  );
}

function triedText(provenIn: readonly string[], refutedIn: readonly string[]): string {
  const proven = provenIn.length === 0 ? [] : [`proven in ${provenIn.join(", ")}`];
  const refuted = refutedIn.length === 0 ? [] : [`refuted in ${refutedIn.join(", ")}`];
  return [...proven, ...refuted].join("\n") || "nowhere";
}

/** Objects that a newer backup names as well stay; only what nothing names any more follows the record. */
function goesText(removal: ExplainedBackup["removal"], isKept: boolean): string {
  if (removal === null) return "not while it is kept so";
  const { recordFrom, objectsFrom, reason } = removal;
  const record = isKept ? `record from ${recordFrom}` : "record at the next prune";
  return `${record}\nobjects from ${objectsFrom}\n${reasonText(reason)}`;
}
