import type { Fingerprint, RoleFingerprint } from "../../../model/fingerprint.ts";
import { schemaPublic } from "../../readings/definitions.ts";
import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";
import { isPredefined } from "./roles.ts";
import { isShared } from "./shared.ts";

/** Who gets what may not go to its owner. */
export interface Heirs {
  /** Roles that must not be given anything, or cannot, with the reason. */
  readonly blocked: ReadonlyMap<string, string>;
  /** The role that gets it instead: no superuser, and nobody who can log in with more than the tenant has. */
  readonly heir: string;
}

/** Membership in these is as good as the right to run programs, to write files or to read and write all tables. */
const mighty =
  "^pg_(execute_server_program|write_server_files|read_server_files|read_all_data|write_all_data|maintain|create_subscription|signal_backend|signal_autovacuum_worker|checkpoint|use_reserved_connections)$";

interface Standing {
  readonly name: string;
  readonly rights: string[];
  /** What it, or a role that it is a member of, has beside this database, or who may act as it; in words. */
  readonly beside: string | null;
  readonly reachable: boolean;
}

/**
 * What the owners that exist here may do beyond what they could at the source: a function of the tenant's that
 * became theirs would have these rights. Should one be met, or one that the administrator may give nothing to,
 * the heir is the database's owner if that is a role of this load, else a role without login made for it.
 */
export async function findHeirs(context: LoadContext): Promise<Heirs> {
  const { fingerprint, entries, admin, ledger } = context;
  const named = [
    fingerprint.database.owner,
    ownerOfPublic(fingerprint) ?? "",
    ...entries.map(({ owner }) => owner),
  ];
  const owners = new Set(named.filter((owner) => owner !== "" && !isPredefined(owner)));
  const standings = new Map((await readStandings(context, [...owners])).map((one) => [one.name, one]));
  const blocked = new Map<string, string>();
  for (const owner of owners) {
    const reason = reasonAgainst(context, owner, standings.get(owner));
    if (reason !== null) blocked.set(owner, reason);
  }
  const { owner } = fingerprint.database;
  const isOurs = ledger.placeholders.includes(owner);
  if (blocked.size === 0 || isOurs) return { blocked, heir: owner };
  const heir = context.loader.replace(/^holdfast_load_/, "holdfast_kept_");
  await admin.query(`create role ${quoteIdent(heir)} nologin nosuperuser`);
  if (!context.adminIsSuperuser) {
    const options = admin.versionNum >= 160_000 ? " with inherit true, set true" : "";
    await admin.query(`grant ${quoteIdent(heir)} to current_user${options}`);
  }
  await lendRights(context, heir, [...blocked.keys()]);
  ledger.placeholders.push(heir);
  return { blocked, heir };
}

/** A superuser's view could read all the tenant's tables, and would be of no use to anybody if its heir could not. */
async function lendRights(
  { admin, fingerprint, ledger }: LoadContext,
  heir: string,
  owners: readonly string[],
): Promise<void> {
  const wereMighty = owners.every((owner) => rightsAtSource(fingerprint.roles, owner).has("SUPERUSER"));
  if (!wereMighty) return;
  for (const role of ledger.placeholders) {
    try {
      await admin.query(`grant ${quoteIdent(role)} to ${quoteIdent(heir)}`);
    } catch (error) {
      refusalOf(error);
      ledger.note(`${heir} could not be made a member of ${role}, so that views of its may not be readable`);
    }
  }
}

function reasonAgainst(context: LoadContext, role: string, standing: Standing | undefined): string | null {
  if (context.destination.side === "scratch") return null;
  if (standing === undefined) return `there is no role ${role} here`;
  const had = rightsAtSource(context.fingerprint.roles, role);
  const reason = isShared(context.destination) ? reasonOnShared(role, standing) : null;
  if (reason !== null) return reason;
  if (!had.has("SUPERUSER")) {
    const more = standing.rights.filter((right) => !had.has(right));
    if (more.includes("SUPERUSER")) return `role ${role} is a superuser here and was none at the source`;
    if (more.length > 0) return `role ${role} has ${more.join(", ")} here and had not at the source`;
  }
  return standing.reachable ? null : `the administrator may not give anything to role ${role}`;
}

/**
 * Whatever it was at the source: what a tenant wrote runs as the owner of it, and as a superuser's, or as a namesake's of
 * another tenant, it could act for them. Roles that this load made have nothing yet.
 */
function reasonOnShared(role: string, { rights, beside }: Standing): string | null {
  if (rights.includes("SUPERUSER")) return `role ${role} is a superuser of a target that others share`;
  if (rights.length > 0) return `role ${role} has ${rights.join(", ")} on a target that others share`;
  if (beside === null) return null;
  return `role ${role} was there before with ${beside}, on a target that others share`;
}

/** Its own and those of the roles it was a member of. */
function rightsAtSource(roles: readonly RoleFingerprint[], role: string): ReadonlySet<string> {
  const rights = new Set<string>();
  const reached = new Set([role]);
  // A set hands out what is added while it is walked.
  for (const name of reached) {
    const { attributes, memberOf } = roles.find((one) => one.name === name) ?? {};
    if (attributes?.superuser === true) rights.add("SUPERUSER");
    if (attributes?.createRole === true) rights.add("CREATEROLE");
    if (attributes?.replication === true) rights.add("REPLICATION");
    if (attributes?.bypassRowSecurity === true) rights.add("BYPASSRLS");
    for (const one of memberOf ?? []) {
      rights.add(`member of ${one.role}`);
      reached.add(one.role);
    }
  }
  return rights;
}

async function readStandings(
  { admin, ledger, loader, fingerprint }: LoadContext,
  names: readonly string[],
): Promise<Standing[]> {
  const known = fingerprint.roles.flatMap(({ name, memberOf }) =>
    memberOf.map(({ role }) => JSON.stringify([name, role])),
  );
  return admin.query<Standing>(standingsQuery, [names, mighty, [...ledger.placeholders, loader], known]);
}

/** Members that the source knew as such are the tenant's own; the administrator is one for the load's sake. */
const standingsQuery = `
  with recursive reach as (
    select r.oid as member, r.oid from pg_catalog.pg_roles r where r.rolname::text = any ($1)
    union select reach.member, m.roleid from reach join pg_catalog.pg_auth_members m on m.member = reach.oid)
  select o.rolname::text as name, pg_catalog.pg_has_role(o.oid, 'member') as reachable,
         array(select distinct told from reach join pg_catalog.pg_roles r using (oid)
                cross join lateral unnest(array[
                  case when r.rolsuper then 'SUPERUSER' end, case when r.rolcreaterole then 'CREATEROLE' end,
                  case when r.rolreplication then 'REPLICATION' end, case when r.rolbypassrls then 'BYPASSRLS' end,
                  case when r.rolname::text ~ $2 then 'member of ' || r.rolname end]) as told
                where reach.member = o.oid and told is not null order by 1) as rights,
         (select min(told) from (
            select 'something in database ' || d.datname
              from reach
              join pg_catalog.pg_shdepend s on s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid = reach.oid
              join pg_catalog.pg_database d
                on d.oid = case s.classid when 'pg_catalog.pg_database'::pg_catalog.regclass then s.objid else s.dbid end
             where reach.member = o.oid and d.datname <> pg_catalog.current_database()
            union all
            select 'a tablespace' from reach
              join pg_catalog.pg_shdepend s on s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid = reach.oid
             where reach.member = o.oid and s.classid = 'pg_catalog.pg_tablespace'::pg_catalog.regclass
            union all
            select 'the member ' || m.rolname
              from pg_catalog.pg_auth_members a join pg_catalog.pg_roles m on m.oid = a.member
             where a.roleid = o.oid and m.rolname <> current_user and m.rolname::text <> all ($3)
               and pg_catalog.jsonb_build_array(m.rolname, o.rolname) <> all ($4::jsonb[])) found(told)
           where o.rolname::text <> all ($3)) as beside
    from pg_catalog.pg_roles o where o.rolname::text = any ($1)`;

/** Of the schema public; undefined where it is whoever made the server, or where the archive says it. */
export function ownerOfPublic({ definitions }: Pick<Fingerprint, "definitions">): string | undefined {
  return definitions?.find(({ kind, part }) => kind === schemaPublic && part === "owner")?.text;
}

/** An owner, or whoever stands in for it. */
export function ownerOrHeir({ blocked, heir }: Heirs, owner: string): string {
  return blocked.has(owner) ? heir : owner;
}

/** Says what an administrator without superuser keeps: it had to be a member of the roles to give them anything. */
export async function noteMemberships({ admin, adminIsSuperuser, ledger }: LoadContext): Promise<void> {
  if (adminIsSuperuser) return;
  try {
    const rows = await admin.query<{ name: string; me: string }>(
      `select r.rolname::text as name, current_user::text as me from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.roleid
        where m.member = (select oid from pg_catalog.pg_roles where rolname = current_user) and r.rolname::text = any ($1)
        group by 1 order by 1`,
      [ledger.placeholders],
    );
    const [first] = rows;
    if (first === undefined) return;
    const roles = rows.map(({ name }) => name).join(", ");
    ledger.note(
      `${first.me} had to become a member of ${roles}, and is one still: revoke what it does not need`,
    );
  } catch (error) {
    refusalOf(error);
  }
}
