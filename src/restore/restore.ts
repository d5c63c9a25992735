/**
 * The verb: a tenant back from its newest proven copy. It needs a surviving store, the configuration
 * and an age identity, and nothing else (promise 7). What it restored it compares as a proof does.
 */
import type { Chance } from "../base/chance.ts";
import type { Waiting } from "../base/waiting.ts";
import { type CheckResult, failed } from "../model/check.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import { compare } from "../postgres/compare/compare.ts";
import { assertionLimitMsDefault, type CompareOptions } from "../postgres/compare/restored.ts";
import { weighTarget } from "../postgres/compare/weigh-target.ts";
import type { ServerAddress } from "../base/server-address.ts";
import type { Image } from "../postgres/image.ts";
import type { LoadDestination, LoadPhase } from "../postgres/load/context.ts";
import { load } from "../postgres/load/load.ts";
import { forgetLoad, told as withHint } from "../postgres/load/rights/loader-end.ts";
import { newLoaderName } from "../postgres/load/rights/loader-name.ts";
import type { LoadReport } from "../postgres/load/report.ts";
import { notAsked } from "../postgres/load/selection.ts";
import { withPartitions } from "../postgres/load/with-partitions.ts";
import { openTarget } from "../postgres/target/open-target.ts";
import { findPrograms, majorOf } from "../postgres/server/programs.ts";
import { examineTarget, type TargetCheck } from "../postgres/target/target.ts";
import { keysToRead } from "../repository/key-access.ts";
import type { Library } from "../repository/library.ts";
import { type OpenedCopy, openCopy } from "../repository/open-copy.ts";
import type { Opener } from "../sealing/sealing.ts";
import { demandSuitable, type Ready } from "./demand-suitable.ts";
import { beginAgainOrKeep } from "./left-behind.ts";
import { notHeld } from "./not-held.ts";
import type { Point } from "./point.ts";

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface RestoreOrder {
  readonly tenant: TenantId;
  readonly point: Point;
  readonly target: ServerAddress;
  /** Only these, with what they need; null: everything. */
  readonly tables: readonly TableName[] | null;
  /** Others have databases on the target: what reaches them or the server is neither made nor given, but told. */
  readonly shared: boolean;
  /** Connections that load side by side. */
  readonly jobs: number;
  readonly assertions: CompareOptions["assertions"];
  readonly binFolders: readonly string[];
}

export interface RestoreDesk {
  /** All the tenant's stores; those of the point are preferred. */
  readonly library: Library;
  readonly opener: Opener;
  /** The age identity of this host. */
  readonly identity: string | null;
  readonly chance: Chance;
  readonly monotonicMs: () => number;
  readonly watch: RestoreWatch;
}

/** What happens while a restore runs, for bars and logs. */
export interface RestoreWatch {
  readonly opened: (plainBytes: number) => void;
  readonly loading: (phase: LoadPhase | "comparing", bytesDone: number) => void;
}

export interface RestorePlan {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly at: string;
  readonly proven: boolean;
  /** The age in words, against the plan's interval. */
  readonly age: string;
  /** Stores whose copy would be used, in order. */
  readonly from: readonly StoreName[];
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
  readonly target: readonly TargetCheck[];
  readonly suitable: boolean;
}

export interface RestoreReport extends Omit<RestorePlan, "target" | "suitable"> {
  /** Until everything was done, with the comparison. */
  readonly seconds: number;
  /** Of these, those until all was loaded and could be worked with; the comparison followed. */
  readonly loadedSeconds: number;
  readonly checks: readonly CheckResult[];
  /** Roles that were missing and made without login. */
  readonly placeholders: readonly string[];
  readonly loginsWithoutPassword: readonly string[];
  /** What was not restored though it is of the backup or of the tables asked for, such as a foreign key to another. */
  readonly leftOut: readonly { readonly subject: string; readonly reason: string }[];
  /** What could not be restored, and why. */
  readonly problems: readonly { readonly subject: string; readonly message: string }[];
  readonly notes: readonly string[];
}

/** Looks only: what would be restored from where, and whether the target has what it takes. */
export async function planRestore(
  desk: RestoreDesk,
  order: RestoreOrder,
  wait: Waiting,
): Promise<RestorePlan> {
  const copy = await open(desk, order, wait);
  const tables = await tablesOf(order, copy, wait);
  await using target = await openTarget(order.target, wait);
  const checks = await examineTarget(target, {
    fingerprint: copy.manifest.fingerprint,
    plainBytes: copy.record.plainBytes,
  });
  return {
    ...outline({ ...order, tables }, copy),
    target: checks,
    suitable: checks.every((check) => check.outcome !== "failed"),
  };
}

/**
 * Throws "usage/invalid" for a table that the backup lacks, "target/occupied" for a database that is
 * not empty and "target/unsuitable" for one that lacks something, all before anything is changed;
 * damage as the repository throws it. Differences found afterwards are in the report, and so is what could not be
 * compared in time.
 */
export async function restore(desk: RestoreDesk, asked: RestoreOrder, wait: Waiting): Promise<RestoreReport> {
  const startedMs = desk.monotonicMs();
  const secondsSoFar = (): number => (desk.monotonicMs() - startedMs) / 1000;
  const copy = await open(desk, asked, wait);
  const order = { ...asked, tables: await tablesOf(asked, copy, wait) };
  const { fingerprint } = copy.manifest;
  const programs = await findPrograms(order.binFolders, majorOf(fingerprint.server.versionNum), wait);
  const ready = await demandSuitable(order.target, { fingerprint, plainBytes: copy.record.plainBytes }, wait);
  desk.watch.opened(copy.record.plainBytes);
  const loader = newLoaderName(desk.chance);
  const loaded = await loadTarget(desk, order, { image: copy.image, loader, ...ready }, wait);
  const loadedSeconds = secondsSoFar();
  desk.watch.loading("comparing", loaded.bytes);
  const toCompare: Loaded = {
    image: copy.image,
    existed: !ready.create,
    withheld: loaded.withheld,
    programs,
    // All is loaded by now, and a function of the tenant's that sleeps once it is read must hold up no recovery.
    limitMs: compareMs(loadedSeconds),
  };
  const checks = await compareTarget(desk, order, toCompare, wait).catch((error: unknown) => {
    throw withHint(error, uncompared(order.target.database, loader));
  });
  const left = await forgetLoad(destinationOf(order, ready), loader);
  const told = outline(order, copy);
  return {
    ...told,
    // Now it is known which stores the bytes really came from.
    from: copy.from(),
    rows: loaded.rows,
    bytes: loaded.bytes,
    seconds: secondsSoFar(),
    loadedSeconds,
    checks: weighTarget(checks, loaded.problems).map((check) => orNothing(check, told.tables)),
    placeholders: loaded.placeholders,
    loginsWithoutPassword: loaded.loginsWithoutPassword,
    leftOut: leftOutOf(loaded),
    problems: loaded.problems.map(({ subject, message }) => ({ subject, message })),
    notes: [
      ...loaded.notes,
      ...(order.tables === null ? notHeld(fingerprint) : []),
      ...(left === null ? [] : [left]),
      ...copy.damage().map(({ store, key, reason }) => `${key} is ${reason} in ${store}`),
    ],
  };
}

interface Loaded extends Pick<CompareOptions, "programs" | "withheld" | "limitMs"> {
  readonly image: Image;
  /** The database was there before. */
  readonly existed: boolean;
}

function compareTarget(
  { chance }: RestoreDesk,
  { target, jobs, assertions, tables }: RestoreOrder,
  { image, existed, ...options }: Loaded,
  wait: Waiting,
): Promise<readonly CheckResult[]> {
  return compare(
    { side: "target", admin: target, twin: null, existed },
    image,
    {
      ...options,
      jobs,
      assertions,
      assertionLimitMs: assertionLimitMsDefault,
      indexes: false,
      onlyTables: tables,
      chance,
    },
    wait,
  );
}

/** Comparing takes about as long as loading; for what is small there is an hour. */
function compareMs(loadedSeconds: number): number {
  return 3_600_000 + Math.ceil(4_000 * loadedSeconds);
}

/** The database is kept, since only looking at it failed, and so is the login whose mark says so to the next restore. */
function uncompared(database: string, loader: string): string {
  return `${database} was loaded but not compared with the backup: ${beginAgainOrKeep({ database, loader })}`;
}

/** Nothing is equal to nothing: a comparison that met none of the tables speaks for none. */
function orNothing(check: CheckResult, tables: number): CheckResult {
  if (check.name !== "tables" || check.outcome !== "passed" || check.compared > 0 || tables === 0)
    return check;
  return failed("tables", 0, [{ subject: "tables", difference: "none of those asked for was compared" }]);
}

function leftOutOf({ entries }: LoadReport): RestoreReport["leftOut"] {
  return entries
    .filter(({ outcome, reason }) => outcome === "left-out" && reason !== notAsked)
    .map(({ subject, reason = "" }) => ({ subject, reason }));
}

/** The chosen stores first; any other may still help with single objects, since every byte is checked. */
function open(
  { library, opener, identity }: RestoreDesk,
  order: RestoreOrder,
  wait: Waiting,
): Promise<OpenedCopy> {
  const { tenant, point } = order;
  const first = point.choice.stores;
  const rank = (name: StoreName): number => (first.includes(name) ? first.indexOf(name) : first.length);
  const stores = library.stores.toSorted((one, other) => rank(one.name) - rank(other.name));
  const keys = keysToRead(tenant, library.trust, identity);
  return openCopy({ tenant, backup: point.choice.backup.backup, keys }, { ...library, stores }, opener, wait);
}

/** Those that were asked for, with their partitions. */
async function tablesOf(
  { tables }: RestoreOrder,
  { image }: OpenedCopy,
  wait: Waiting,
): Promise<RestoreOrder["tables"]> {
  return tables === null ? null : withPartitions(image, tables, wait);
}

function outline(
  { tenant, point, tables }: RestoreOrder,
  { manifest, record }: OpenedCopy,
): Omit<RestorePlan, "target" | "suitable"> {
  const chosen = manifest.fingerprint.tables.filter(
    (table) =>
      tables === null || tables.some((one) => one.schema === table.schema && one.name === table.name),
  );
  return {
    tenant,
    backup: record.backup,
    at: record.at,
    proven: point.choice.proven,
    age: point.ageWords,
    from: point.choice.stores,
    tables: chosen.length,
    rows: chosen.reduce((total, { rows }) => total + rows, 0),
    bytes: tables === null ? record.plainBytes : chosen.reduce((total, { bytes }) => total + bytes, 0),
  };
}

function loadTarget(
  desk: RestoreDesk,
  order: RestoreOrder,
  { image, loader, ...ready }: Ready & { readonly image: Image; readonly loader: string },
  wait: Waiting,
): Promise<LoadReport> {
  const { chance, watch } = desk;
  return load(
    image,
    destinationOf(order, ready),
    {
      keptUntilCompared: loader,
      jobs: order.jobs,
      content: "all",
      ...(order.tables === null ? {} : { tables: order.tables }),
      chance,
      onProgress: ({ phase, bytesDone }) => watch.loading(phase, bytesDone),
    },
    wait,
  );
}

function destinationOf({ target, shared }: RestoreOrder, { maintenance, create }: Ready): LoadDestination {
  return { side: "target", admin: maintenance, database: target.database, create, shared };
}
