import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { LoadContext } from "../context.ts";
import { defaultPrivilegeResets } from "./default-privileges.ts";
import { dropStatement } from "../statements/drop-statement.ts";
import { refusalOf } from "../report.ts";

interface Owned {
  readonly type: string;
  readonly identity: string;
}

/**
 * While code of the tenant's ran as the loader it may have made objects of its own, as the loader or as a role
 * that the loader is a member of. Before owners are given, whatever belongs to such a role is none of the
 * archive's, which all are the loader's still. Large objects have their owners by then and are compared.
 */
export async function dropPlantedOfRoles(context: LoadContext): Promise<void> {
  const { admin, ledger } = context;
  if (ledger.placeholders.length === 0 && context.destination.side === "target") return;
  const roles = await loadersRoles(context);
  for (const statement of await defaultPrivilegeResets(admin, roles)) await admin.query(statement);
  for (const one of await ownedBy(admin, roles)) {
    if (one.type === "large object") continue;
    try {
      await admin.query(dropStatement(one));
      noteDropped(context, one);
    } catch (error) {
      const refusal = refusalOf(error);
      // Gone already, with another that it belonged to.
      if (["42704", "42P01", "42883", "3F000"].includes(refusal.sqlState ?? "")) continue;
      ledger.problem(`${one.type} ${one.identity}`, { ...refusal, kind: "machine" });
    }
  }
}

/**
 * After owners are given, whatever is left to the loader is none of the archive's, and goes: nobody else may
 * come to own it, whose rights its functions would then have.
 */
export async function dropPlantedOfLoader(context: LoadContext): Promise<void> {
  const { admin, loader } = context;
  await giveMultiranges(context);
  const planted = await ownedBy(admin, [loader]);
  await admin.query(`drop owned by ${quoteIdent(loader)} cascade`);
  for (const one of planted) noteDropped(context, one);
}

/** A release before 17 leaves the multirange where it was when its range type is given away. */
async function giveMultiranges({ admin, loader }: LoadContext): Promise<void> {
  if (admin.versionNum < 140_000) return;
  const found = await admin.query<{ type: string; owner: string }>(
    `select m.oid::pg_catalog.regtype::text as type, pg_catalog.pg_get_userbyid(r.typowner)::text as owner
       from pg_catalog.pg_range g
       join pg_catalog.pg_type m on m.oid = g.rngmultitypid
       join pg_catalog.pg_type r on r.oid = g.rngtypid
      where pg_catalog.pg_get_userbyid(m.typowner) = $1 and m.typowner <> r.typowner`,
    [loader],
  );
  for (const { type, owner } of found) await admin.query(`alter type ${type} owner to ${quoteIdent(owner)}`);
}

function noteDropped({ ledger }: LoadContext, { type, identity }: Owned): void {
  ledger.note(
    `dropped ${type} ${identity}, which is not of the backup: the tenant's own code made it while it was loaded`,
  );
}

async function loadersRoles({ admin, loader }: LoadContext): Promise<string[]> {
  const rows = await admin.query<{ name: string }>(
    `select r.rolname::text as name from pg_catalog.pg_auth_members m
       join pg_catalog.pg_roles r on r.oid = m.roleid
      where m.member = (select oid from pg_catalog.pg_roles where rolname = $1)`,
    [loader],
  );
  return rows.map(({ name }) => name);
}

/** In this database, without what goes with something else, be it an extension of somebody else's whose script gave it away. */
async function ownedBy(session: Session, roles: readonly string[]): Promise<Owned[]> {
  return session.query<Owned>(
    `select i.type, i.identity
       from pg_catalog.pg_shdepend s
       join pg_catalog.pg_roles r on r.oid = s.refobjid
      cross join lateral pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) i
      where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.deptype = 'o'
        and s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
        and r.rolname::text = any ($1)
        and s.classid not in ('pg_catalog.pg_user_mapping'::pg_catalog.regclass, 'pg_catalog.pg_default_acl'::pg_catalog.regclass)
        and not exists (select from pg_catalog.pg_depend d
                         where d.classid = s.classid and d.objid = s.objid and d.deptype = 'i')
        and not exists (select from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
                         where d.classid = s.classid and d.objid = s.objid and d.deptype = 'e'
                           and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                           and pg_catalog.pg_get_userbyid(e.extowner) <> all ($1))
      order by s.objid`,
    [roles],
  );
}
