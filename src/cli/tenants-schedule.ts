/** `holdfast tenants schedule`: when a tenant is backed up, what it chose within its plan, and what comes next. */
import { access } from "node:fs/promises";
import { type Exit, command } from "./frame/command.ts";
import type { Context } from "./frame/context.ts";
import { exitCodes, Failure } from "../base/failure.ts";
import type { Config, Tenant } from "../config/config.ts";
import { embeddedCatalogFolder, openCatalog } from "../desk/open-catalog.ts";
import type { TenantChoice } from "../model/schedule.ts";
import { checkChoice, spellBounds } from "../model/schedule/check-choice.ts";
import { parseChoice, spellChoice } from "../model/schedule/choice-text.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import type { Output } from "./frame/output.ts";
import { scheduleText, shownSchedule } from "./tenants/shown-schedule.ts";

const previewMax = 1000;

export const tenantsSchedule = command({
  name: "tenants schedule",
  usage: "<tenant>",
  describe: "show when a tenant is backed up and what comes next, or change its own choice within its plan",
  examples: [
    ["tenants schedule acme", "the plan's schedule, the tenant's choice and the next backups"],
    ["tenants schedule acme --preview 20", "the next twenty, by the tenant's clock and in UTC"],
    ["tenants schedule acme --set every=6h", "a backup every six hours beside the plan's own"],
    ["tenants schedule acme --set at=06:00,14:00", "at these times of the tenant's clock"],
    ["tenants schedule acme --clear", "the plan's schedule alone again"],
  ],
  repeatable: ["set"],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", demandOption: true, describe: "id of the tenant" })
      .option("set", {
        type: "string",
        array: true,
        requiresArg: true,
        describe: "the tenant's own choice: every=6h, or at=06:00,14:00",
      })
      .option("clear", { type: "boolean", describe: "take the tenant's own choice back" })
      .option("preview", {
        type: "number",
        requiresArg: true,
        default: 5,
        describe: "how many of the next backups to show",
      }),
  run: async (args, context, out) => {
    const preview = parsePreview(args.preview);
    const change = parseChange(args.set ?? [], args.clear === true);
    await using desk = await context.openDesk();
    const tenant = await desk.tenant(parseTenant(args.tenant));
    const known: KnownChoice =
      change === null
        ? await readChoice(tenant, desk.config, context, out)
        : { choice: await changeChoice(tenant, change, desk.config, context), exit: exitCodes.done };
    const { choice, exit } = known;
    const shown = shownSchedule(tenant, choice, context.machine.clock.now(), preview);
    if (shown.problems.length > 0) {
      out.say(`warning: the plan does not allow the choice any more: ${shown.problems.join("; ")}`);
    }
    out.result({ ...shown, choiceKnown: exit === exitCodes.done }, () => scheduleText(shown, tenant, choice));
    return exit;
  },
});

/** What is to become of the choice. */
type Change = { readonly kind: "set"; readonly choice: TenantChoice } | { readonly kind: "clear" };

/** Null: nothing. */
function parseChange(texts: readonly string[], clear: boolean): Change | null {
  if (clear && texts.length > 0) throw new Failure("usage/invalid", "give --set or --clear, not both");
  if (clear) return { kind: "clear" };
  if (texts.length === 0) return null;
  const choice = parseChoice(texts);
  if (choice !== null) return { kind: "set", choice };
  throw new Failure(
    "usage/invalid",
    `--set is ${texts.join(" ")}, and must be every=DURATION or at=TIME,TIME`,
    { hint: "one number and one unit, as in --set every=90m or every=6h; or --set at=06:00,14:00" },
  );
}

function parsePreview(count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= previewMax) return count;
  throw new Failure("usage/invalid", `--preview must be a whole number from 0 to ${String(previewMax)}`);
}

/** Resolves with the choice that holds from now on; "policy/refused" with the plan's bounds when it is outside of them. */
async function changeChoice(
  tenant: Tenant,
  change: Change,
  config: Config,
  { machine, wait }: Context,
): Promise<TenantChoice | null> {
  const choice = change.kind === "set" ? change.choice : null;
  if (choice !== null) demandAllowed(tenant, choice);
  await using catalog = await openCatalog(config, machine, { mode: "start" }, wait);
  if (catalog === null) throw new Failure("catalog/unreachable", "the catalog did not start");
  await catalog.choices.set(tenant.id, choice, wait);
  return choice;
}

function demandAllowed({ plan, planName }: Tenant, choice: TenantChoice): void {
  const problems = checkChoice(choice, plan);
  if (problems.length === 0) return;
  const bounds = spellBounds(plan);
  throw new Failure(
    "policy/refused",
    bounds === null
      ? `plan ${planName} leaves a tenant nothing to choose`
      : `plan ${planName} does not allow ${spellChoice(choice)}: ${problems.join("; ")}; it allows backups ${bounds}`,
    { hint: "the bounds are `tenantChoice` of the plan" },
  );
}

interface KnownChoice {
  readonly choice: TenantChoice | null;
  /** Degraded when the catalog could not be asked. */
  readonly exit: Exit;
}

/**
 * The stored choice. An embedded catalog that stands still is started for it. Where the catalog does not answer the
 * plan's schedule is shown all the same.
 */
async function readChoice(
  tenant: Tenant,
  config: Config,
  { machine, wait }: Context,
  out: Output,
): Promise<KnownChoice> {
  if (tenant.plan.tenantChoice === null || (await wasNeverMade(config))) {
    return { choice: null, exit: exitCodes.done };
  }
  try {
    await using catalog = await openCatalog(config, machine, { mode: "start" }, wait);
    return { choice: (await catalog?.choices.of(tenant.id, wait)) ?? null, exit: exitCodes.done };
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.startsWith("catalog/")) throw error;
    out.say(`warning: a choice of the tenant's own is not known: ${error.message}`);
    return { choice: null, exit: exitCodes.degraded };
  }
}

/** Whether no daemon and no `--set` has ever run here, so that no choice can be stored. */
async function wasNeverMade(config: Config): Promise<boolean> {
  const folder = embeddedCatalogFolder(config);
  if (folder === null) return false;
  return access(folder).then(
    () => false,
    () => true,
  );
}
