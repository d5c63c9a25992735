import type { Fingerprint, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import { schemasOf, scopeTables } from "./scope.ts";

/**
 * The collations that the tenant made, and those of the system that its columns, domains or indexes
 * use, with the version the server's library has now and the one recorded when indexes were built.
 * The database's own collation is in `readDatabase`.
 */
export async function readCollations(session: Session, scope: Scope): Promise<Fingerprint["collations"]> {
  return session.query(
    `with ${scopeTables},
     used as (
       select a.attcollation as oid from pg_catalog.pg_attribute a join relation r on r.oid = a.attrelid
        where a.attnum > 0 and not a.attisdropped
       union select unnest(i.indcollation) from pg_catalog.pg_index i join relation r on r.oid = i.indrelid
       union select t.typcollation from pg_catalog.pg_type t where t.typnamespace in (select oid from space)
       union select c.oid from pg_catalog.pg_collation c where c.collnamespace in (select oid from space))
     select n.nspname::text as schema, c.collname::text as name,
            case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as provider,
            pg_catalog.pg_collation_actual_version(c.oid) as version, c.collversion as "recordedVersion"
       from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace
      where c.oid in (select oid from used) and c.collprovider <> 'd'
      order by n.nspname collate "C", c.collname collate "C", c.collencoding`,
    [schemasOf(scope)],
  );
}
