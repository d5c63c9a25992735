import type { RoleFingerprint, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import { schemasOf, scopeTables } from "./scope.ts";

/**
 * The roles that the tenant's objects name, as owners, in privileges, default privileges, policies,
 * user mappings and settings, with the roles those are members of, and so on; the database's owner and
 * the bootstrap superuser, whose references the catalogs do not record, are always there. Members of a
 * named role are not followed: in a shared server they would be the logins of other tenants.
 * Any login of the server may set something for itself in any database, which then belongs to the tenant's backup: an
 * application's login may have no right there but everybody's, and nothing tells the two apart.
 * `others` are roles that the caller knows to be named, e.g. owners of large objects.
 * No passwords; works without superuser. Predefined roles (`pg_…`) occur in `memberOf` alone.
 */
export async function readRoles(
  session: Session,
  scope: Scope,
  others: readonly string[],
): Promise<RoleFingerprint[]> {
  return session.query<RoleFingerprint>(rolesQuery, [schemasOf(scope), others]);
}

const inScope = `
  $1::text[] is null
  or (d.classid = 'pg_catalog.pg_namespace'::regclass and d.objid in (select oid from space))
  or (d.classid = 'pg_catalog.pg_policy'::regclass and d.objid in (
       select p.oid from pg_catalog.pg_policy p where p.polrelid in (select oid from relation)))
  or (d.classid = 'pg_catalog.pg_default_acl'::regclass and d.objid in (
       select a.oid from pg_catalog.pg_default_acl a where a.defaclnamespace in (select oid from space)))
  or (pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid)).schema in (select quote_ident(nspname) from space)`;

/**
 * Common table expressions, after `with recursive`; `$1` is `schemasOf(scope)`, `$2` the others that are known to be named.
 * `inside`: roles that the tenant's objects name. `touching`: those and whom the catalogs do not record.
 */
export const roleTables = `
  ${scopeTables},
  here as (select oid, datdba from pg_catalog.pg_database where datname = current_database()),
  inside as (
    select distinct d.refobjid as oid from pg_catalog.pg_shdepend d, here
     where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.dbid = here.oid and (${inScope})),
  touching as (
    select oid from inside
    union select d.refobjid from pg_catalog.pg_shdepend d, here
     where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.dbid = 0
       and d.classid = 'pg_catalog.pg_database'::regclass and d.objid = here.oid and $1::text[] is null
    union select datdba from here
    union select 10::oid
    union select u.umuser from pg_catalog.pg_user_mappings u where u.umuser <> 0 and $1::text[] is null
    union select r.oid from pg_catalog.pg_roles r where r.rolname = any ($2::text[]))`;

export const rolesQuery = `
  with recursive ${roleTables},
  named as (
    select oid from touching
    union select s.setrole from pg_catalog.pg_db_role_setting s, here
     where s.setdatabase = here.oid and s.setrole <> 0 and $1::text[] is null
    union select m.roleid from named join pg_catalog.pg_auth_members m on m.member = named.oid),
  membership as (
    select m.member, g.rolname::text as role, bool_or(m.admin_option) as admin,
           bool_or((to_jsonb(m) ->> 'inherit_option')::boolean) as inherit,
           bool_or((to_jsonb(m) ->> 'set_option')::boolean) as "set"
      from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid
     group by 1, 2)
  select r.rolname::text as name,
         jsonb_build_object(
           'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createRole', r.rolcreaterole,
           'createDatabase', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
           'bypassRowSecurity', r.rolbypassrls, 'connectionLimit', r.rolconnlimit,
           'validUntil', r.rolvaliduntil::text) as attributes,
         (select coalesce(jsonb_agg(jsonb_build_object('role', m.role, 'admin', m.admin, 'inherit', m.inherit, 'set', m."set")
                                    order by m.role), '[]')
            from membership m where m.member = r.oid) as "memberOf",
         (select coalesce(jsonb_agg(jsonb_build_object('name', split_part(entry, '=', 1), 'value', substr(entry, strpos(entry, '=') + 1))
                                    order by entry), '[]')
            from unnest(r.rolconfig) as entry) as settings,
         pg_catalog.shobj_description(r.oid, 'pg_authid') as comment
    from pg_catalog.pg_roles r
   where r.oid in (select oid from named) and r.rolname !~ '^pg_'
   order by r.rolname collate "C"`;
