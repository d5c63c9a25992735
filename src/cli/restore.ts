/** `holdfast restore`: a tenant back from its newest proven copy. */
import { exitCodes, Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { duration } from "../model/duration.ts";
import { backupId, type StoreName, storeName, type TenantId } from "../model/ids.ts";
import { expectedIntervalMs } from "../model/plan.ts";
import { addressOf } from "../postgres/address.ts";
import type { Library } from "../repository/library.ts";
import { tenantStates } from "../repository/states.ts";
import { choosePoint, type PointWish } from "../restore/point.ts";
import {
  planRestore,
  restore as restoreVerb,
  type RestoreDesk,
  type RestoreOrder,
  type RestorePlan,
  type RestoreReport,
  type TableName,
} from "../restore/restore.ts";
import { command, type Exit } from "./command.ts";
import type { Desk } from "./desk.ts";
import { parseTenant } from "./list.ts";
import type { Output } from "./output.ts";
import { libraryOf } from "./tenant-library.ts";
import { count, spellBytes, table } from "./text.ts";

export const restore = command({
  name: "restore",
  usage: "<tenant>",
  describe: "restore a tenant from its newest verified backup into a database that is absent or empty",
  examples: [
    ["restore acme --to postgres://admin@db.example/acme", "the newest verified backup"],
    ["restore acme --to postgres://admin@db.example/acme --plan-only", "what would happen; changes nothing"],
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
    const wish = wishOf(args);
    const target = addressOf(await targetUrl(args.to, context.machine.env));
    await using desk = await context.openDesk();
    const tenant = await knownTenant(desk, wish.tenant);
    const library = await libraryOf(desk, wish.tenant, context.wait);
    const { backups, notes } = await tenantStates(wish.tenant, library, context.wait);
    for (const { store, note } of notes) out.say(`warning: ${store}: ${note}`);
    const point = choosePoint(wish, {
      backups,
      stores: library.stores.map(({ name }) => name),
      now: desk.machine.clock.now(),
      intervalMs: tenant === null ? null : expectedIntervalMs(tenant.plan),
    });
    const { choice } = point;
    out.say(`${wish.tenant}: backup ${choice.backup.backup} of ${choice.backup.at}, ${point.ageWords}`);
    if (!choice.proven)
      out.say(`warning: this backup was never proven; restored because: ${args.reason ?? ""}`);
    const order: RestoreOrder = {
      tenant: wish.tenant,
      point,
      target,
      tables: args.table === undefined ? null : args.table.map(parseTable),
      jobs: args.jobs === undefined ? desk.config.scratch.jobs : parseJobs(args.jobs),
      assertions: tenant?.plan.verification.assertions ?? [],
      binFolders: desk.binFolders,
    };
    return args.planOnly === true
      ? tellPlan(await planRestore(await restoreDesk(desk, library, null), order, context.wait), out)
      : await doRestore(desk, library, order, out, context.wait);
  },
});

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
  return report.checks.some(({ outcome }) => outcome === "failed") ? exitCodes.found : exitCodes.done;
}

interface Arguments {
  readonly tenant: string;
  readonly backup?: string | undefined;
  readonly before?: string | undefined;
  readonly store?: string | undefined;
  readonly latestVerified?: boolean | undefined;
  readonly notOlderThan?: string | undefined;
  readonly allowUnproven?: boolean | undefined;
  readonly reason?: string | undefined;
}

function wishOf(args: Arguments): PointWish {
  if (args.latestVerified === true && (args.backup !== undefined || args.allowUnproven === true))
    throw usage("--latest-verified goes with neither --backup nor --allow-unproven");
  if (args.allowUnproven === true && (args.reason ?? "").trim() === "")
    throw usage("--allow-unproven needs --reason TEXT, which is told with the restore");
  if (args.allowUnproven !== true && args.reason !== undefined)
    throw usage("--reason goes with --allow-unproven");
  return {
    tenant: parseTenant(args.tenant),
    backup: args.backup === undefined ? undefined : parseBackup(args.backup),
    before: args.before === undefined ? undefined : parseInstant(args.before),
    store: args.store === undefined ? undefined : parseStore(args.store),
    allowUnproven: args.allowUnproven === true,
    notOlderThanMs: args.notOlderThan === undefined ? null : parseDuration(args.notOlderThan),
  };
}

function parseBackup(text: string) {
  const id = backupId.safeParse(text);
  if (id.success) return id.data;
  throw usage(`${text} is not a backup's id; one looks like 20261121T013000Z-k7f3qa`);
}

function parseStore(text: string): StoreName {
  const name = storeName.safeParse(text);
  if (name.success) return name.data;
  throw usage(`${text} is no name of a store`);
}

/** A day without a time would leave open which end of it is meant, a time without a zone whose. */
function parseInstant(text: string): string {
  const shape = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
  const at = shape.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw usage(
    `${text} is not a time with its zone, such as 2026-11-20T18:00:00Z or 2026-11-20T18:00:00+04:00`,
  );
}

function parseDuration(text: string): number {
  const parsed = duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--not-older-than must be a duration such as 90s, 15m, 6h, 7d or 4w`);
}

const jobsMax = 64;

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= jobsMax) return jobs;
  throw usage(`--jobs must be a number from 1 to ${String(jobsMax)}`);
}

/** `sales.invoice`; parts that hold a dot or capitals are quoted as in SQL. */
function parseTable(text: string): TableName {
  const part = String.raw`("(?:[^"]|"")+"|[^".]+)`;
  const [, schema, name] = new RegExp(String.raw`^${part}\.${part}$`).exec(text) ?? [];
  if (schema === undefined || name === undefined) throw usage(`${text} is not SCHEMA.NAME of a table`);
  return { schema: unquoted(schema), name: unquoted(name) };
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}

function usage(message: string): Failure {
  return new Failure("usage/invalid", message);
}

/** The tenant's plan, if the configuration has it; a restore goes without when the source cannot be asked. */
async function knownTenant(desk: Desk, id: TenantId): Promise<Tenant | null> {
  const configured = desk.config.tenants.get(id);
  if (configured !== undefined) return configured;
  return desk.tenant(id).catch(() => null);
}

async function targetUrl(to: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (to.startsWith("env:")) {
    const value = env[to.slice(4)];
    if (value === undefined || value === "") throw usage(`the environment has no ${to.slice(4)}`);
    return value;
  }
  if (to.startsWith("file:")) {
    const { readFile } = await import("node:fs/promises");
    return (
      await readFile(to.slice(5), "utf8").catch((cause: unknown) => {
        throw new Failure("usage/invalid", `${to.slice(5)} cannot be read`, { cause });
      })
    ).trim();
  }
  return to;
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
  out.result(plan, () =>
    [
      `${plan.proven ? "verified" : "UNPROVEN"} backup ${plan.backup} of ${plan.at}`,
      plan.age,
      `${count(plan.tables, "table")}, ${count(plan.rows, "row")}, ${spellBytes(plan.bytes)} from ${plan.from.join(", then ")}`,
      "",
      table(
        ["target", "", ""],
        plan.target.map(({ name, outcome, detail }) => [name, outcome, detail]),
      ),
      "",
      plan.suitable ? "the restore can go ahead" : "the target cannot take this backup",
    ].join("\n"),
  );
  return plan.suitable ? exitCodes.done : exitCodes.refused;
}

function reportText(report: RestoreReport, database: string): string {
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
  return [
    `${report.tenant} ${report.backup} restored to ${database} from ${report.from.join(", ")}`,
    `${count(report.tables, "table")}, ${count(report.rows, "row")}, ${spellBytes(report.bytes)} in ${report.seconds.toFixed(1)} s`,
    report.age,
    "",
    table(
      ["check", "outcome", "detail"],
      report.checks.map(({ name, outcome, detail }) => [name, outcome, detail]),
    ),
    ...listed("roles made as placeholders, without login", report.placeholders),
    ...listed("logins that need a password", report.loginsWithoutPassword),
    ...listed(
      "not restored",
      report.problems.map(({ subject, message }) => `${subject}: ${message}`),
    ),
    ...listed("notes", report.notes),
  ].join("\n");
}
