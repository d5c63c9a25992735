import { Failure } from "../../base/failure.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { bad, good, listed, warned, type Examined } from "./examined.ts";
import type { Session } from "../session/session.ts";
import { listTables, type SourceTable } from "./source-tables.ts";

/**
 * Releases from which on a session can refuse to run a view in a table's place (CVE-2024-7348, trap 2);
 * majors that are not here need no such care.
 */
const minimums: Readonly<Record<number, number>> = { 13: 16, 14: 13, 15: 8, 16: 4 };
const oldestMajor = 13;

interface PreflightRequest {
  readonly scope: Scope;
  readonly leaveOutExtensions: readonly string[];
  readonly largeObjects: "include" | "ignore";
  /** Sessions that will lock tables beside the holder. */
  readonly jobs: number;
}

interface Preflight {
  readonly examined: readonly Examined[];
  /** What there was to be read; empty where something kept us from listing it. */
  readonly tables: readonly SourceTable[];
}

/** What a backup needs of the source, looked at over one session with the settings of `setExactText`. */
export async function preflight(session: Session, request: PreflightRequest): Promise<Preflight> {
  const version = examineVersion(session.versionNum);
  if (version.outcome === "failed") return { examined: [version], tables: [] };
  const guard = await examineGuard(session);
  if (guard.outcome === "failed") return { examined: [version, guard], tables: [] };
  const identifiers = await examineIdentifiers(session);
  if (identifiers.outcome === "failed") return { examined: [version, guard, identifiers], tables: [] };
  const tables = await listTables(session, request.scope, request.leaveOutExtensions);
  const examined = [
    version,
    guard,
    identifiers,
    await examineRights(session, request.scope, tables),
    ...(request.largeObjects === "include" ? [await examineLargeObjects(session)] : []),
    await examineLocks(session, tables.length, request.jobs),
    ...(await examineStanding(session)),
  ];
  return { examined, tables };
}

/** Throws the first thing that keeps a backup from starting. */
export function assertFit(examined: readonly Examined[]): void {
  for (const { code, name, detail, hint } of examined) {
    if (code !== undefined) throw new Failure(code, `${name}: ${detail}`, hint === undefined ? {} : { hint });
  }
}

export function examineVersion(versionNum: number): Examined {
  const [major, minor] = [Math.floor(versionNum / 10_000), versionNum % 10_000];
  const shown = `PostgreSQL ${String(major)}.${String(minor)}`;
  if (major < oldestMajor)
    return bad("version", "source/version", `${shown} is older than ${String(oldestMajor)}`);
  const least = minimums[major] ?? 0;
  if (minor >= least) return good("version", shown);
  return bad(
    "version",
    "source/version",
    `${shown} lets a tenant run code as the backup role (CVE-2024-7348)`,
    `update the source to ${String(major)}.${String(least)} or newer`,
  );
}

/** Asked of the server itself, since a fork may bear a release's number without its repairs. */
async function examineGuard(session: Session): Promise<Examined> {
  const known = await session.query(
    "select where pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) is not null",
  );
  if (known.length > 0) return good("views", "a view in a table's place is refused");
  return bad("views", "source/version", "the server has no restrict_nonsystem_relation_kind (CVE-2024-7348)");
}

/** The encoding of a database that takes any bytes. */
export const sqlAscii = "SQL_ASCII";

/** In SQL_ASCII a name can be any bytes; one that is not UTF-8 could not be written into a statement. */
export async function examineIdentifiers(session: Session): Promise<Examined> {
  const [database] = await session.query<{ encoding: string }>(
    "select pg_catalog.current_setting('server_encoding') as encoding",
  );
  if (database?.encoding !== sqlAscii)
    return good("names", `the database is in ${database?.encoding ?? "no encoding"}`);
  const names = await session.query<{ hex: string }>(
    `select distinct pg_catalog.encode(pg_catalog.convert_to(name::text, 'SQL_ASCII'), 'hex') as hex from (
       select nspname from pg_catalog.pg_namespace union all select relname from pg_catalog.pg_class
       union all select attname from pg_catalog.pg_attribute union all select rolname from pg_catalog.pg_roles
       union all select proname from pg_catalog.pg_proc union all select typname from pg_catalog.pg_type
       union all select conname from pg_catalog.pg_constraint union all select tgname from pg_catalog.pg_trigger
       union all select enumlabel from pg_catalog.pg_enum) as n(name)
      where pg_catalog.octet_length(name::text) > 0`,
  );
  const broken = names.map(({ hex }) => Buffer.from(hex, "hex")).filter((name) => !isUtf8(name));
  if (broken.length === 0) return good("names", "every name is UTF-8, though the database is in SQL_ASCII");
  return bad(
    "names",
    "source/unsupported",
    `not UTF-8 in a SQL_ASCII database: ${listed(broken.map(shownBytes))}`,
  );
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString("utf8"), "utf8").equals(bytes);
}

function shownBytes(bytes: Buffer): string {
  return bytes.toString("latin1").replaceAll(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

/** A backup without one table is no backup, so every table and sequence must be readable, all of its rows. */
async function examineRights(
  session: Session,
  scope: Scope,
  tables: readonly SourceTable[],
): Promise<Examined> {
  const refused = await session.query<{ name: string; why: string }>(
    `select name, why from (
       select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
              case when not pg_catalog.has_schema_privilege(n.oid, 'USAGE') then 'no USAGE on its schema'
                   when c.relkind = 'S' and not pg_catalog.has_sequence_privilege(c.oid, 'SELECT') then 'no SELECT'
                   when c.relkind <> 'S' and not pg_catalog.has_table_privilege(c.oid, 'SELECT') then 'no SELECT'
                   when c.relkind <> 'S' and pg_catalog.row_security_active(c.oid) then 'row level security hides rows'
              end as why
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = any ($1::oid[])
           or (c.relkind = 'S' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
               and ($2::text[] is null or n.nspname = any ($2))
               and not exists (select from pg_catalog.pg_depend d
                                where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
                                  and d.deptype = 'e'))) as found
      where why is not null order by name`,
    [tables.map(({ oid }) => oid), scope.kind === "schemas" ? scope.schemas : null],
  );
  if (refused.length === 0) return good("rights", `${String(tables.length)} tables can be read`);
  const isHidden = refused.every(({ why }) => why.startsWith("row level"));
  return bad(
    "rights",
    "source/permission",
    listed(refused.map(({ name, why }) => `${name} (${why})`)),
    isHidden ? "give the backup role BYPASSRLS" : undefined,
  );
}

async function examineLargeObjects(session: Session): Promise<Examined> {
  const [found] = await session.query<{ some: boolean; readable: boolean }>(
    `select exists (select from pg_catalog.pg_largeobject_metadata) as some,
            pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') as readable`,
  );
  if (found?.some !== true) return good("large objects", "there are none");
  if (found.readable) return good("large objects", "they can be read");
  return bad("large objects", "source/permission", "no SELECT on pg_largeobject");
}

/** Each lock takes a place in a table of fixed size that all sessions of the server share (trap 3). */
async function examineLocks(session: Session, tables: number, jobs: number): Promise<Examined> {
  const [found] = await session.query<{ capacity: number; objects: number; holds: number }>(
    `select pg_catalog.current_setting('max_locks_per_transaction')::float8
            * (pg_catalog.current_setting('max_connections')::float8
               + pg_catalog.current_setting('max_prepared_transactions')::float8) as capacity,
            (select count(distinct (locktype, database, relation, transactionid, virtualxid, classid, objid, objsubid)::text)
               from pg_catalog.pg_locks where not fastpath)::float8 as objects,
            (select count(*) from pg_catalog.pg_locks where not fastpath)::float8 as holds`,
  );
  const capacity = found?.capacity ?? 0;
  // Holder and pg_dump lock every table, each reader those it reads, of which all together read each once;
  // pg_dump and the readers touch indexes and TOAST as well. The server keeps two holds a place.
  const objects = (found?.objects ?? 0) + 2 * tables;
  const holds = (found?.holds ?? 0) + 4 * tables + 16 * jobs;
  if (objects <= capacity && holds <= 2 * capacity) {
    return good(
      "locks",
      `room for ${String(capacity)}, ${String(Math.max(objects, holds / 2))} needed at most`,
    );
  }
  return bad(
    "locks",
    "source/unsupported",
    `the lock table has room for ${String(capacity)} locks, and ${String(tables)} tables need up to ${String(Math.ceil(Math.max(objects, holds / 2)))}`,
    "raise max_locks_per_transaction on the source",
  );
}

async function examineStanding(session: Session): Promise<Examined[]> {
  const [found] = await session.query<{ standby: boolean; superuser: boolean }>(
    `select pg_catalog.pg_is_in_recovery() as standby, rolsuper as superuser
       from pg_catalog.pg_roles where rolname = current_user`,
  );
  const ofStandby = warned(
    "standby",
    "unlogged rows are absent, sequences run ahead, long reads may conflict with recovery",
  );
  const ofRole =
    found?.superuser === true
      ? warned(
          "role",
          "the backup role is a superuser, which none but subscriptions and options of user mappings need; one with pg_read_all_data and BYPASSRLS has less to lose to code of a tenant",
        )
      : good(
          "role",
          "the backup role is no superuser; subscriptions and options of user mappings are left out",
        );
  return found?.standby === true ? [ofStandby, ofRole] : [ofRole];
}
