/** `holdfast restore`: a tenant back from its newest proven copy. */
import { standingAt } from "../base/clock.ts";
import { exitCodes, Failure, isFailure, reasonOf } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { TenantId } from "../model/ids.ts";
import { expectedIntervalMs } from "../model/plan.ts";
import type { Library } from "../repository/library.ts";
import type { PointWish } from "../restore/point.ts";
import {
  planRestore,
  restore as restoreVerb,
  type RestoreDesk,
  type RestoreOrder,
  type RestorePlan,
  type RestoreReport,
} from "../restore/restore.ts";
import { apartWords, choosePointByAll, type SeenContext, type SeenPoint, sights } from "../restore/sights.ts";
import { command, type Exit } from "./frame/command.ts";
import type { Desk } from "../desk/desk.ts";
import { groupedNotes } from "../desk/grouped-notes.ts";
import type { Output } from "./frame/output.ts";
import { parseRestore } from "./restore/arguments.ts";
import { planText, reportText } from "./restore/text.ts";
import { tellStoresBeside } from "../desk/tell-stores-beside.ts";
import { libraryOf } from "../desk/tenant-library.ts";

export const restore = command({
  name: "restore",
  usage: "<tenant>",
  describe: "restore a tenant from its newest verified backup into a database that is absent or empty",
  examples: [
    ["restore acme --to postgres://admin@db.example/acme", "the newest verified backup"],
    ["restore acme --to postgres://admin@db.example/acme --plan-only", "what would happen; changes nothing"],
    [
      "restore acme --to postgres://admin@shared.example/acme --shared",
      "to a server on which others are too",
    ],
    [
      "restore acme --to postgres://admin@db.example/look --before 2026-11-20T18:00:00Z --table sales.invoice",
      "one table as it was that evening, into a database beside",
    ],
  ],
  repeatable: ["table"],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", demandOption: true, describe: "the tenant" })
      .option("to", {
        type: "string",
        requiresArg: true,
        demandOption: true,
        describe:
          "postgres:// URL of the database to restore into; env:NAME or file:PATH keeps it out of sight",
      })
      .option("latest-verified", {
        type: "boolean",
        describe: "the newest backup with a proven copy; the default",
      })
      .option("backup", { type: "string", requiresArg: true, describe: "this backup, as `list` names it" })
      .option("before", {
        type: "string",
        requiresArg: true,
        describe: "the newest from this time or before",
      })
      .option("store", { type: "string", requiresArg: true, describe: "the copy in this store" })
      .option("table", {
        type: "string",
        array: true,
        requiresArg: true,
        describe: "only this table, as SCHEMA.NAME; may be given several times",
      })
      .option("shared", {
        type: "boolean",
        describe:
          "others have databases on that server: make and give nothing that reaches them, and tell it",
      })
      .option("jobs", { type: "string", requiresArg: true, describe: "connections that load side by side" })
      .option("not-older-than", {
        type: "string",
        requiresArg: true,
        describe: "refuse a recovery point older than this, such as 26h",
      })
      .option("plan-only", {
        type: "boolean",
        describe: "say what would be restored from where, and whether it can",
      })
      .option("allow-unproven", {
        type: "boolean",
        describe: "take a backup that was never proven; needs --reason",
      })
      .option("reason", { type: "string", requiresArg: true, describe: "why an unproven backup will do" }),
  run: async (args, context, out) => {
    const { point: wish, target, tables, jobs } = await parseRestore(args, context.machine);
    await using desk = await context.openDesk();
    const library = await libraryOf(desk, wish.tenant, context.wait);
    const stores = library.stores.map(({ name }) => name);
    if (wish.store !== undefined && !stores.includes(wish.store)) {
      const message = `${wish.tenant} has no store ${wish.store}; it has ${stores.join(", ")}`;
      await tellStoresBeside(desk, wish, out, context.wait);
      throw new Failure("usage/invalid", message);
    }
    const tenant = await knownTenant(desk, wish.tenant, out);
    const seen = await sights(wish.tenant, library, context.wait);
    for (const note of groupedNotes(seen[0].states.notes)) out.say(`warning: ${note}`);
    for (const note of seen.map(apartWords)) if (note !== null) out.say(`warning: ${note}`);
    const from = { seen, stores, intervalMs: tenant === null ? undefined : expectedIntervalMs(tenant.plan) };
    const { point, sight } = await chooseOrTell(desk, wish, from, out, context.wait);
    const { choice } = point;
    const believing = { ...library, clock: standingAt(sight.now) };
    out.say(`${wish.tenant}: backup ${choice.backup.backup} of ${choice.backup.at}, ${point.ageWords}`);
    if (!choice.proven)
      out.say(`warning: this backup was never proven; restored because: ${args.reason ?? ""}`);
    const order: RestoreOrder = {
      tenant: wish.tenant,
      point,
      target: { ...target, ...desk.config.line },
      tables,
      shared: args.shared === true,
      jobs: jobs ?? desk.config.scratch.jobs,
      assertions: tenant === null ? null : tenant.plan.verification.assertions,
      binFolders: desk.binFolders,
    };
    return args.planOnly === true
      ? tellPlan(await planRestore(await restoreDesk(desk, believing, null), order, context.wait), out)
      : await doRestore(desk, believing, order, out, context.wait);
  },
});

/** Where nothing suits, what lies in stores that were not looked into is told beside. */
async function chooseOrTell(
  desk: Desk,
  wish: PointWish,
  context: SeenContext,
  out: Output,
  wait: Waiting,
): Promise<SeenPoint> {
  try {
    return choosePointByAll(wish, context);
  } catch (error) {
    if (isFailure(error, "backup/none") || isFailure(error, "backup/unknown"))
      await tellStoresBeside(desk, wish, out, wait);
    throw error;
  }
}

async function doRestore(
  desk: Desk,
  library: Library,
  order: RestoreOrder,
  out: Output,
  wait: Waiting,
): Promise<Exit> {
  using bar = out.progress(order.tenant, null);
  const report = await restoreVerb(
    await restoreDesk(desk, library, {
      opened: (bytes) => bar.expect(bytes),
      loading: (phase, bytesDone) => {
        bar.phase(phase);
        bar.reach(bytesDone);
      },
    }),
    order,
    wait,
  );
  out.result(report, () => reportText(report, order.target.database));
  return exitOf(report);
}

/** Success is said only of what was compared: a script at night reads nothing but this. */
export function exitOf({ checks, problems }: Pick<RestoreReport, "checks" | "problems">): Exit {
  if (checks.some(({ outcome }) => outcome === "failed")) return exitCodes.found;
  const wereRowsCompared = checks.some(({ name, outcome }) => name === "tables" && outcome === "passed");
  const isOpen = checks.some(({ outcome, because }) => outcome === "not-run" && because === "machine");
  return problems.length > 0 || isOpen || !wereRowsCompared ? exitCodes.degraded : exitCodes.done;
}

/** Null, and told, where the configuration does not name the tenant and its source cannot be asked: a restore goes without. */
async function knownTenant(desk: Desk, id: TenantId, out: Output): Promise<Tenant | null> {
  const configured = desk.config.tenants.get(id);
  if (configured !== undefined) return configured;
  try {
    return await desk.tenant(id);
  } catch (error) {
    out.say(`warning: the plan of ${id} is not known here, since ${reasonOf(error)}`);
    out.say("  hint: how often it is backed up, and what is asserted of it, is not looked at");
    return null;
  }
}

async function restoreDesk(
  desk: Desk,
  library: Library,
  watch: RestoreDesk["watch"] | null,
): Promise<RestoreDesk> {
  return {
    library,
    opener: desk.sealing(),
    identity: await desk.identity(),
    chance: desk.machine.chance,
    monotonicMs: desk.machine.monotonicMs,
    watch: watch ?? { opened: () => undefined, loading: () => undefined },
  };
}

function tellPlan(plan: RestorePlan, out: Output): Exit {
  out.result(plan, () => planText(plan));
  return plan.suitable ? exitCodes.done : exitCodes.refused;
}
