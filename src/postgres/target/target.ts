/**
 * The server a tenant is to be restored to, before anything is changed there: is the database absent
 * or empty, and has the server what the tenant needs (restore's `--plan-only`, trap 21)?
 */
import { statfs } from "node:fs/promises";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { ServerOffers } from "../server/server-offers.ts";
import type { Session } from "../session/session.ts";

export type TargetTopic =
  | "version"
  | "encoding"
  | "locale"
  | "extensions"
  | "template"
  | "empty"
  | "privileges"
  | "room";

/** One thing looked at. `not-run` says why it could not be looked at, and stops nothing. */
export interface TargetCheck {
  readonly name: TargetTopic;
  readonly outcome: "passed" | "failed" | "not-run";
  readonly detail: string;
}

export interface TargetState {
  /** A session in the server's maintenance database, as the administrator named in the URL. */
  readonly admin: Session;
  /** A session in the database to be restored to; null when it does not exist. */
  readonly database: Session | null;
  readonly offers: ServerOffers;
}

/** What `examineTarget` needs to know of the backup beside its fingerprint. */
export interface TargetNeeds {
  readonly fingerprint: Fingerprint;
  readonly plainBytes: number;
}

/** Rows take more room as heap and indexes than as COPY text; measured on the bench database, rounded up. */
const roomFactor = 2.5;

/** Looks only; runs no statement that changes anything. */
export async function examineTarget(target: TargetState, needs: TargetNeeds): Promise<TargetCheck[]> {
  return [
    versionCheck(target.admin.versionNum, needs.fingerprint),
    await encodingCheck(target, needs.fingerprint),
    await localeCheck(target, needs.fingerprint),
    extensionsCheck(target.offers, needs.fingerprint),
    ...(await templateCheck(target.database, needs.fingerprint)),
    await emptyCheck(target.database),
    await privilegesCheck(target),
    await roomCheck(target.admin, needs.plainBytes),
  ];
}

function check(name: TargetTopic, good: boolean, detail: string): TargetCheck {
  return { name, outcome: good ? "passed" : "failed", detail };
}

function versionCheck(versionNum: number, { server }: Fingerprint): TargetCheck {
  const [there, here] = [major(server.versionNum), major(versionNum)];
  const detail = `backup of PostgreSQL ${String(there)}, target is PostgreSQL ${String(here)}`;
  return check("version", here >= there, here >= there ? detail : `${detail}: older than the source`);
}

function major(versionNum: number): number {
  return Math.floor(versionNum / 10_000);
}

interface DatabaseLocale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
}

async function existingLocale(target: TargetState): Promise<DatabaseLocale | null> {
  const rows =
    (await target.database?.query<DatabaseLocale>(
      `select pg_catalog.pg_encoding_to_char(encoding) as encoding, datcollate::text as collate, datctype::text as ctype
         from pg_catalog.pg_database where datname = pg_catalog.current_database()`,
    )) ?? [];
  return rows[0] ?? null;
}

async function encodingCheck(target: TargetState, { database }: Fingerprint): Promise<TargetCheck> {
  const existing = await existingLocale(target);
  if (existing === null)
    return check("encoding", true, `the database will be created in ${database.encoding}`);
  const same = existing.encoding === database.encoding;
  return check(
    "encoding",
    same,
    `backup is ${database.encoding}, the existing database is ${existing.encoding}`,
  );
}

async function localeCheck(target: TargetState, { database }: Fingerprint): Promise<TargetCheck> {
  const existing = await existingLocale(target);
  if (existing !== null) {
    const same = sameLocale(existing.collate, database.collate) && sameLocale(existing.ctype, database.ctype);
    return check(
      "locale",
      same,
      `backup is ${database.collate}/${database.ctype}, the existing database is ${existing.collate}/${existing.ctype}`,
    );
  }
  const wanted = [...new Set([database.collate, database.ctype])];
  const missing = wanted.filter((name) => !knowsLocale(target.offers, "libc", name));
  if (database.localeProvider !== "libc" && database.locale !== null) {
    const { localeProvider, locale } = database;
    // Any well-formed tag can be given to ICU; only a server built without it has no ICU locale at all.
    if (!target.offers.locales.some((one) => one.provider === localeProvider))
      missing.push(`${localeProvider} ${locale}`);
  }
  return check(
    "locale",
    missing.length === 0,
    missing.length === 0 ? wanted.join(", ") : `the target's system lacks ${missing.join(", ")}`,
  );
}

function knowsLocale(offers: ServerOffers, provider: string, name: string): boolean {
  if (["C", "POSIX"].includes(name)) return true;
  return offers.locales.some((one) => one.provider === provider && sameLocale(one.name, name));
}

/** `en_US.UTF-8` and `en_US.utf8` are the same locale to the C library. */
function sameLocale(one: string, other: string): boolean {
  const plain = (name: string): string =>
    name.toLowerCase().replace(/\.(.*)$/, (codeset) => codeset.replaceAll("-", ""));
  return plain(one) === plain(other);
}

function extensionsCheck(offers: ServerOffers, { extensions }: Fingerprint): TargetCheck {
  const needed = extensions.filter((one) => !one.leftOut);
  const missing = needed
    .filter(({ name, version }) => offers.extensions.get(name)?.includes(version) !== true)
    .map(({ name, version }) => {
      const there = offers.extensions.get(name);
      return `${name} ${version} (${there === undefined ? "absent" : `there: ${there.join(", ")}`})`;
    });
  return check(
    "extensions",
    missing.length === 0,
    missing.length === 0
      ? `${String(needed.length)} at the recorded versions`
      : `the target lacks ${missing.join("; ")}`,
  );
}

/** Below this oid lies what initdb made. */
const firstOwn = "16384";

/**
 * Whatever a person could miss if it were overwritten, or would change what is restored beside it; what
 * `CREATE DATABASE` brings along does not count.
 */
const occupants = `
  with own as (
    select oid from pg_catalog.pg_namespace
     where nspname !~ '^pg_' and nspname <> 'information_schema'),
  found as (
    select 'relation' as kind, c.oid, 'pg_class'::regclass as class from pg_catalog.pg_class c where c.relnamespace in (select oid from own)
    union all select 'function', p.oid, 'pg_proc'::regclass from pg_catalog.pg_proc p where p.pronamespace in (select oid from own)
    union all select 'type', t.oid, 'pg_type'::regclass from pg_catalog.pg_type t where t.typnamespace in (select oid from own) and t.typtype <> 'c' and t.typelem = 0
    union all select 'schema', n.oid, 'pg_namespace'::regclass from pg_catalog.pg_namespace n join own using (oid) where n.nspname <> 'public'
    union all select 'extension', e.oid, 'pg_extension'::regclass from pg_catalog.pg_extension e where e.extname <> 'plpgsql'
    union all select 'large object', l.oid, 'pg_largeobject'::regclass from pg_catalog.pg_largeobject_metadata l
    union all select 'event trigger', v.oid, 'pg_event_trigger'::regclass from pg_catalog.pg_event_trigger v
    union all select 'publication', b.oid, 'pg_publication'::regclass from pg_catalog.pg_publication b
    union all select 'subscription', s.oid, 'pg_subscription'::regclass from pg_catalog.pg_subscription s
               where s.subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    union all select 'operator', o.oid, 'pg_operator'::regclass from pg_catalog.pg_operator o where o.oprnamespace in (select oid from own)
    union all select 'collation', c.oid, 'pg_collation'::regclass from pg_catalog.pg_collation c where c.collnamespace in (select oid from own)
    union all select 'conversion', c.oid, 'pg_conversion'::regclass from pg_catalog.pg_conversion c where c.connamespace in (select oid from own)
    union all select 'text search object', t.oid, 'pg_ts_parser'::regclass from pg_catalog.pg_ts_parser t where t.prsnamespace in (select oid from own)
    union all select 'text search object', t.oid, 'pg_ts_template'::regclass from pg_catalog.pg_ts_template t where t.tmplnamespace in (select oid from own)
    union all select 'text search object', t.oid, 'pg_ts_dict'::regclass from pg_catalog.pg_ts_dict t where t.dictnamespace in (select oid from own)
    union all select 'text search object', t.oid, 'pg_ts_config'::regclass from pg_catalog.pg_ts_config t where t.cfgnamespace in (select oid from own)
    union all select 'cast', c.oid, 'pg_cast'::regclass from pg_catalog.pg_cast c where c.oid >= ${firstOwn}
    union all select 'language', l.oid, 'pg_language'::regclass from pg_catalog.pg_language l where l.oid >= ${firstOwn}
    union all select 'transform', t.oid, 'pg_transform'::regclass from pg_catalog.pg_transform t where t.oid >= ${firstOwn}
    union all select 'access method', a.oid, 'pg_am'::regclass from pg_catalog.pg_am a where a.oid >= ${firstOwn}
    union all select 'foreign data wrapper', w.oid, 'pg_foreign_data_wrapper'::regclass from pg_catalog.pg_foreign_data_wrapper w
    union all select 'foreign server', s.oid, 'pg_foreign_server'::regclass from pg_catalog.pg_foreign_server s
    union all select 'default privilege', d.oid, 'pg_default_acl'::regclass from pg_catalog.pg_default_acl d)
  select kind, count(*)::int as count from found
   where not exists (select from pg_catalog.pg_depend d where d.classid = found.class and d.objid = found.oid and d.deptype = 'e')
   group by kind order by kind`;

/** What lies in a database, by kind; empty when a restore may go there. */
export async function occupantsOf(
  database: Session,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  return database.query<{ kind: string; count: number }>(occupants);
}

/** Every new database would begin as a copy of the tenant. Nothing is said of a database that is no template. */
async function templateCheck(
  database: Session | null,
  { database: of }: Fingerprint,
): Promise<readonly TargetCheck[]> {
  const [found] =
    (await database?.query<{ template: boolean }>(
      "select datistemplate as template from pg_catalog.pg_database where datname = pg_catalog.current_database()",
    )) ?? [];
  if (found?.template !== true || of.isTemplate) return [];
  return [check("template", false, "the database is a template, of which new databases are made")];
}

async function emptyCheck(database: Session | null): Promise<TargetCheck> {
  if (database === null) return check("empty", true, "the database does not exist yet");
  const found = await occupantsOf(database);
  const words = found
    .map(({ kind, count }) => `${String(count)} ${kind}${count === 1 ? "" : "s"}`)
    .join(", ");
  return check(
    "empty",
    found.length === 0,
    found.length === 0 ? "the database is empty" : `the database holds ${words}`,
  );
}

async function privilegesCheck(target: TargetState): Promise<TargetCheck> {
  const [role] = await target.admin.query<{ superuser: boolean; database: boolean; role: boolean }>(
    "select rolsuper as superuser, rolcreatedb as database, rolcreaterole as role from pg_catalog.pg_roles where rolname = current_user",
  );
  if (role === undefined)
    return { name: "privileges", outcome: "not-run", detail: "the login is not in pg_roles" };
  if (role.superuser) return check("privileges", true, "superuser");
  const lacks = [
    ...(role.role ? [] : ["CREATEROLE"]),
    ...(role.database || target.database !== null ? [] : ["CREATEDB"]),
  ];
  return check(
    "privileges",
    lacks.length === 0,
    lacks.length === 0
      ? "not a superuser: what only a superuser can set will be listed as not restored"
      : `the login lacks ${lacks.join(" and ")}`,
  );
}

async function roomCheck(admin: Session, plainBytes: number): Promise<TargetCheck> {
  const needed = Math.ceil(plainBytes * roomFactor);
  const words = `about ${megabytes(needed)} needed`;
  const folder = await localDataFolder(admin);
  if (folder === null)
    return {
      name: "room",
      outcome: "not-run",
      detail: `${words}; the target's disk cannot be seen from here`,
    };
  try {
    const disk = await statfs(folder);
    const free = disk.bavail * disk.bsize;
    return check("room", free >= needed, `${words}, ${megabytes(free)} free`);
  } catch {
    return { name: "room", outcome: "not-run", detail: `${words}; ${folder} cannot be read from here` };
  }
}

/** The data folder, where the server runs on this very machine; null otherwise or where we may not ask. */
async function localDataFolder(admin: Session): Promise<string | null> {
  const [row] = await admin.query<{ local: boolean; folder: string | null }>(
    `select pg_catalog.inet_server_addr() is null as local,
            (select setting from pg_catalog.pg_settings where name = 'data_directory') as folder`,
  );
  return row?.local === true ? row.folder : null;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
