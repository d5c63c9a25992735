/** What `holdfast restore` was asked for, parsed and checked before anything is read. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Failure, isFailure } from "../../base/failure.ts";
import { duration } from "../../model/duration.ts";
import { backupId, type StoreName, storeName } from "../../model/ids.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { writtenAddressOf } from "../../postgres/session/address.ts";
import type { PointWish } from "../../restore/point.ts";
import type { TableName } from "../../restore/restore.ts";
import type { Machine } from "../../desk/machine.ts";
import { parseTenant } from "../frame/parse-tenant.ts";

interface RestoreArguments {
  readonly tenant: string;
  readonly to: string;
  readonly table?: readonly string[] | undefined;
  readonly jobs?: string | undefined;
  readonly backup?: string | undefined;
  readonly before?: string | undefined;
  readonly store?: string | undefined;
  readonly latestVerified?: boolean | undefined;
  readonly notOlderThan?: string | undefined;
  readonly allowUnproven?: boolean | undefined;
  readonly reason?: string | undefined;
}

export interface RestoreWish {
  readonly point: PointWish;
  readonly target: ServerAddress;
  readonly tables: readonly TableName[] | null;
  /** Null: as many as the configuration says. */
  readonly jobs: number | null;
}

/** "usage/invalid" for what cannot be meant. */
export async function parseRestore(
  args: RestoreArguments,
  machine: Pick<Machine, "env" | "cwd">,
): Promise<RestoreWish> {
  return {
    point: pointOf(args),
    tables: args.table === undefined ? null : args.table.map(parseTable),
    jobs: args.jobs === undefined ? null : parseJobs(args.jobs),
    target: parseTarget(await targetUrl(args.to, machine)),
  };
}

/** A URL without a database would mean the one called like its user, which nobody wants a tenant in. */
function parseTarget(url: string): ServerAddress {
  try {
    const { database, ...server } = writtenAddressOf(url);
    if (database !== null) return { ...server, database };
  } catch (cause) {
    if (!isFailure(cause, "config/invalid")) throw cause;
    const { message, hint = "" } = cause;
    // NAME stands for what was given, which may be a secret from the wrong file.
    const wanted = url.includes("://") ? "" : "; a whole URL is wanted: --to postgres://user@host/NAME";
    throw new Failure("usage/invalid", `--to: ${message}`, { cause, hint: `${hint}${wanted}` });
  }
  throw usage("--to names no database; it is written postgres://user@host:5432/database");
}

function pointOf(args: RestoreArguments): PointWish {
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
  if (!Number.isNaN(at)) {
    // The runtime takes the 31st of November for the 1st of December, which may be after what is to be undone.
    const day = text.slice(0, 10);
    if (new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return new Date(at).toISOString();
    throw usage(`--before ${text} is no day of the calendar`);
  }
  throw usage(
    `--before ${text} is not a time with its zone, such as 2026-11-20T18:00:00Z or 2026-11-20T18:00:00+04:00`,
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
  throw usage(`--jobs must be a whole number from 1 to ${String(jobsMax)}`);
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

async function targetUrl(to: string, { env, cwd }: Pick<Machine, "env" | "cwd">): Promise<string> {
  if (to.startsWith("env:")) {
    const value = env[to.slice("env:".length)];
    if (value === undefined || value === "") throw usage(`the environment has no ${to.slice("env:".length)}`);
    return value;
  }
  if (!to.startsWith("file:")) return to;
  const path = to.slice("file:".length);
  try {
    return (await readFile(resolve(cwd, path), "utf8")).trim();
  } catch (cause) {
    throw new Failure("usage/invalid", `${path} cannot be read`, { cause });
  }
}
