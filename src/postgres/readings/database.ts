import { Failure } from "../../base/failure.ts";
import type { DatabaseFingerprint, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";

interface DatabaseRow extends Omit<DatabaseFingerprint, "settings"> {
  readonly oid: number;
}

/**
 * The database the session is connected to: what neither `pg_dump -s` nor `pg_dumpall -g` holds
 * (trap 11). Of a schema tenant's database the privileges are left out, and the settings of roles that are not among
 * `roles` (null: none is left out), since they would tell it the names of its neighbours.
 */
export async function readDatabase(
  session: Session,
  scope: Scope,
  roles: readonly string[] | null,
): Promise<DatabaseFingerprint> {
  const [row] = await session.query<DatabaseRow>(databaseQuery(session.versionNum));
  if (row === undefined) throw new Failure("internal/bug", "the session is connected to no database");
  const { oid, ...database } = row;
  const settings = await session.query<{ role: string | null; name: string; value: string }>(
    databaseSettingsQuery,
    [oid, roles],
  );
  return { ...database, acl: scope.kind === "database" ? database.acl : null, settings };
}

export const databaseSettingsQuery = `
  select r.rolname::text as role, split_part(entry, '=', 1) as name,
         substr(entry, strpos(entry, '=') + 1) as value
    from pg_catalog.pg_db_role_setting s
    left join pg_catalog.pg_roles r on r.oid = s.setrole
    cross join lateral unnest(s.setconfig) as entry
   where s.setdatabase = $1 and (s.setrole = 0 or $2::text[] is null or r.rolname = any ($2))
   order by r.rolname nulls first, 2, 3`;

export function databaseQuery(versionNum: number): string {
  const actual =
    versionNum >= 150_000 ? "pg_catalog.pg_database_collation_actual_version(d.oid)" : "null::text";
  return `
    select d.oid as oid, d.datname::text as name, pg_catalog.pg_get_userbyid(d.datdba)::text as owner,
           pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
           d.datcollate::text as "collate", d.datctype::text as "ctype",
           case to_jsonb(d) ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end
             as "localeProvider",
           coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale,
           to_jsonb(d) ->> 'daticurules' as "icuRules",
           to_jsonb(d) ->> 'datcollversion' as "collationVersion",
           ${actual} as "actualCollationVersion",
           d.datconnlimit as "connectionLimit", d.datallowconn as "allowConnections",
           d.datistemplate as "isTemplate", d.datacl::text[] as acl,
           pg_catalog.shobj_description(d.oid, 'pg_database') as comment
      from pg_catalog.pg_database d where d.datname = current_database()`;
}
