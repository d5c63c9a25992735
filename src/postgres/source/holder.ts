import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { pause, type Waiting } from "../../base/waiting.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { sqlStateOf } from "../session/errors.ts";
import { quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { listTables, lockStatement, type SourceTable } from "./source-tables.ts";

/** The transaction that owns the snapshot; everything else reads in it. */
export interface Holder {
  readonly session: Session;
  readonly pid: number;
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`; good as long as the session lives. */
  readonly snapshotId: string;
  readonly tables: readonly SourceTable[];
  /** The recovery point by the source's clock; on a standby the last replayed transaction. */
  readonly at: Date;
  readonly lsn: string | null;
  readonly standby: boolean;
}

export interface HoldOptions {
  readonly scope: Scope;
  /** What a moment ago was there to be read. */
  readonly listed: readonly SourceTable[];
  readonly leaveOutExtensions: readonly string[];
  /** How long to wait for one table's lock; then "source/busy". */
  readonly lockTimeoutMs: number;
}

const attemptsMax = 8;
const pauseMs = 100;
/** One statement that names too many tables makes the parser's stack and the log suffer. */
const tablesPerLock = 500;

/**
 * Locks every table of the scope, *then* takes the snapshot, then looks again (trap 1). Were the
 * snapshot first, a table truncated or rewritten before our lock would read as empty. What changed
 * in between starts the whole anew; after several times "source/changed". `session` is the caller's to
 * close and has the settings of `setExactText`. `began` is told the pid before the first lock is asked for, so that
 * somebody can watch whom it blocks.
 */
export async function hold(
  session: Session,
  options: HoldOptions,
  began: (pid: number) => void,
  wait: Waiting,
): Promise<Holder> {
  const [{ pid } = { pid: 0 }] = await session.query<{ pid: number }>(
    "select pg_catalog.pg_backend_pid() as pid",
  );
  began(pid);
  let before = options.listed;
  for (let attempt = 1; ; attempt += 1) {
    const held = await tryHold(session, before, options);
    if (typeof held !== "string") return { session, pid, ...held };
    await session.query("rollback");
    if (attempt === attemptsMax) throw new Failure("source/changed", `${held}, again and again`);
    await pause(pauseMs, wait);
    before = await listTables(session, options.scope, options.leaveOutExtensions);
  }
}

type Held = Omit<Holder, "session" | "pid">;

/** The snapshot, or what changed while it was taken. */
async function tryHold(
  session: Session,
  before: readonly SourceTable[],
  options: HoldOptions,
): Promise<Held | string> {
  const limit = `set local lock_timeout = ${String(Math.max(1, options.lockTimeoutMs))}`;
  await session.query(`begin isolation level repeatable read read only; ${limit}`);
  try {
    // Neither SET nor LOCK takes the transaction's snapshot; any SELECT would.
    for (let from = 0; from < before.length; from += tablesPerLock) {
      const statement = lockStatement(before.slice(from, from + tablesPerLock), false);
      if (statement !== null) await session.query(statement);
    }
  } catch (error) {
    if (hasVanished(error)) return `a table vanished before it was locked (${reasonOf(error)})`;
    throw explained(error);
  }
  const point = await exportSnapshot(session);
  const tables = await listTables(session, options.scope, options.leaveOutExtensions);
  try {
    await lockMatviews(session, tables);
  } catch (error) {
    if (hasVanished(error)) return `a materialised view vanished before it was locked (${reasonOf(error)})`;
    throw explained(error);
  }
  // Again where there are any, now that the materialised views cannot be refreshed under us either.
  const after = tables.some(isMatview)
    ? await listTables(session, options.scope, options.leaveOutExtensions)
    : tables;
  const change = whatChanged(before, after);
  if (change !== null) return change;
  await session.query("set local lock_timeout = 0");
  return { ...point, tables: after };
}

async function exportSnapshot(session: Session): Promise<Omit<Held, "tables">> {
  const rows = await session.query<{ snapshotId: string; standby: boolean; at: Date; lsn: string | null }>(
    `select pg_catalog.pg_export_snapshot() as "snapshotId", pg_catalog.pg_is_in_recovery() as standby,
            case when pg_catalog.pg_is_in_recovery()
                 then coalesce(pg_catalog.pg_last_xact_replay_timestamp(), pg_catalog.statement_timestamp())
                 else pg_catalog.statement_timestamp() end as at,
            case when pg_catalog.pg_is_in_recovery()
                 then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_lsn() end::text as lsn`,
  );
  const [point] = rows;
  if (point === undefined) throw new Failure("internal/bug", "the source exported no snapshot");
  return point;
}

/**
 * LOCK TABLE refuses materialised views; to understand a query of them takes the same lock, populated or not.
 * It is not planned, since that could call functions of the tenant.
 */
async function lockMatviews(session: Session, tables: readonly SourceTable[]): Promise<void> {
  const views = tables.filter(isMatview);
  for (let from = 0; from < views.length; from += tablesPerLock) {
    const statements = views.slice(from, from + tablesPerLock).map(lockOneMatview);
    await session.query(statements.join("; "));
  }
}

function lockOneMatview(view: SourceTable): string {
  return `prepare holdfast_lock as select from only ${quoteName(view)}; deallocate holdfast_lock`;
}

function isMatview({ kind }: SourceTable): boolean {
  return kind === "matview";
}

/** Dropped, renamed, or swapped for what is no table. */
function hasVanished(error: unknown): boolean {
  return ["42P01", "3F000", "42809", "0A000"].includes(sqlStateOf(error) ?? "");
}

function explained(error: unknown): unknown {
  if (!isFailure(error, "source/permission")) return error;
  return new Failure("source/permission", `a table of the tenant cannot be read: ${reasonOf(error.cause)}`, {
    cause: error,
  });
}

/** Null when both lists are of the same relations and no file was exchanged. */
function whatChanged(before: readonly SourceTable[], after: readonly SourceTable[]): string | null {
  const nameOf = ({ oid, kind, schema, name }: SourceTable): string =>
    `${kind} ${schema}.${name} (${String(oid)})`;
  const known = new Set(before.map(nameOf));
  const there = new Set(after.map(nameOf));
  const added = after.find((table) => !known.has(nameOf(table)));
  if (added !== undefined) return `${nameOf(added)} appeared while the snapshot was taken`;
  const gone = before.find((table) => !there.has(nameOf(table)));
  if (gone !== undefined) return `${nameOf(gone)} went while the snapshot was taken`;
  const moved = after.find(({ isUnmoved }) => !isUnmoved);
  return moved === undefined ? null : `${nameOf(moved)} was rewritten while the snapshot was taken`;
}
