import type { ExtensionFingerprint } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";

/**
 * Every extension of the database, by name. A schema tenant gets them all as well: the bodies of
 * its functions may use what no catalog records, and pg_dump -n would leave them out (trap 9).
 */
export async function readExtensions(
  session: Session,
  leaveOut: readonly string[],
): Promise<ExtensionFingerprint[]> {
  return session.query<ExtensionFingerprint>(extensionsQuery, [leaveOut]);
}

export const extensionsQuery = `
  select e.extname::text as name, e.extversion as version, n.nspname::text as schema,
         e.extname = any ($1::text[]) as "leftOut"
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
   order by e.extname collate "C"`;

export interface ExtensionRelation {
  readonly extension: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "sequence";
  /**
   * Marked by `pg_extension_config_dump`: its contents are the tenant's, and are copied whole (trap 12). So is a sequence
   * that numbers the rows of such a table: few extensions mark those, and the next row would get a number that is taken.
   */
  readonly configuration: boolean;
  /** Whether anything lies in it; a sequence that is no configuration counts as filled once it gave a number. */
  readonly filled: boolean;
}

/** Tables and sequences that extensions made, those of extensions left out excepted. */
export async function readExtensionRelations(
  session: Session,
  leaveOut: readonly string[],
): Promise<ExtensionRelation[]> {
  return session.query<ExtensionRelation>(
    `select e.extname::text as extension, n.nspname::text as schema, c.relname::text as name,
            case c.relkind when 'S' then 'sequence' else 'table' end as kind,
            c.oid = any (coalesce(e.extconfig, '{}')) or numbers.its as configuration,
            case when c.relkind = 'r' then pg_catalog.pg_relation_size(c.oid) > 0
                 when c.oid = any (e.extconfig) or numbers.its or c.relpersistence <> 'p'
                      or not pg_catalog.has_sequence_privilege(c.oid, 'SELECT') then true
                 else pg_catalog.pg_sequence_last_value(c.oid) is not null end as filled
       from pg_catalog.pg_extension e
       join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
        and d.classid = 'pg_catalog.pg_class'::regclass and d.deptype = 'e'
       join pg_catalog.pg_class c on c.oid = d.objid and c.relkind in ('r', 'S')
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral (select c.relkind = 'S' and c.relpersistence = 'p' and pg_catalog.has_sequence_privilege(c.oid, 'SELECT') and exists (
              select from pg_catalog.pg_depend o
               where o.classid = 'pg_catalog.pg_class'::regclass and o.objid = c.oid and o.deptype in ('a', 'i')
                 and o.refclassid = 'pg_catalog.pg_class'::regclass and o.refobjid = any (e.extconfig)) as its) numbers
      where e.extname <> all ($1::text[])
      order by 1, 2, 3`,
    [leaveOut],
  );
}
