import type { Scope } from "../../model/fingerprint.ts";

/** The schemas of a tenant as a parameter of a query: `null` for all of a database. */
export function schemasOf(scope: Scope): readonly string[] | null {
  switch (scope.kind) {
    case "database":
      return null;
    case "schemas":
      return scope.schemas;
  }
}

/**
 * Common table expressions that the readings open with; `$1` is `schemasOf(scope)`.
 * `space`: the tenant's schemas, the system's left out as pg_dump leaves them out. `member`: what an
 * extension made. `relation`: everything of pg_class in those schemas that no extension made.
 */
export const scopeTables = tablesOver(
  "d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::regclass",
);

/** The same, and what an extension made counts as all else. */
export const scopeTablesWithMembers = tablesOver("false");

function tablesOver(members: string): string {
  return `
  space as (
    select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n
     where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       and ($1::text[] is null or n.nspname = any ($1))),
  member as (
    select d.classid, d.objid from pg_catalog.pg_depend d
     where ${members}),
  relation as (
    select c.*, s.nspname, format('%I.%I', s.nspname, c.relname) as identity
      from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
     where not exists (select from member m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = c.oid))`;
}

/** Of a row `n` of pg_namespace: what `space` leaves out, but for what is of a session or kept aside for others. */
export const inSystemSchema =
  "(n.nspname = 'information_schema' or (n.nspname ~ '^pg_' and n.nspname !~ '^pg_(?:toast|temp)'))";

/** Whether what `alias` names, a row of that catalog, was made by no extension. */
export function notMember(catalog: string, alias: string): string {
  return `not exists (select from member m where m.classid = 'pg_catalog.${catalog}'::regclass and m.objid = ${alias}.oid)`;
}
