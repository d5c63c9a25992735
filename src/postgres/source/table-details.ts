import { planningHazards } from "./planning-hazards.ts";
import type { Session } from "../session/session.ts";
import { readingCatalogs } from "../session/settings.ts";
import type { SourceTable } from "./source-tables.ts";

/** What it takes to read a table and to say how its rows go back in. */
export interface TableDetails {
  /** In order, generated ones left out; in the order of `root` where there is one, so that a row has one text whichever leaf holds it. */
  readonly columns: readonly string[];
  readonly unlogged: boolean;
  /** Blocks of the main fork; TID ranges are cut from them. */
  readonly blocks: number;
  /** With TOAST; what is to come, roughly. Maps and indexes are not counted: a vacuum would move the table to another stream. */
  readonly bytes: number;
  /** Whether a range of TIDs is a range of blocks. */
  readonly isHeap: boolean;
  /** The partitioned table through which the rows of this leaf have to be loaded; null where the leaf itself takes them. */
  readonly root: { readonly schema: string; readonly name: string } | null;
  /** Whether no SELECT may name it, since planning one could call functions of the tenant: see `planningHazards`. */
  readonly isHazardous: boolean;
}

/** One entry per table by its oid; for tables that are locked already, since sizes wait for a lock. */
export async function describeTables(
  session: Session,
  tables: readonly SourceTable[],
): Promise<Map<number, TableDetails>> {
  const oids = tables.filter(({ kind }) => kind === "table").map(({ oid }) => oid);
  const rows = await readingCatalogs(session, () =>
    session.query<Omit<TableDetails, "isHazardous"> & { oid: number }>(details, [oids]),
  );
  const hazards = await planningHazards(session, oids);
  return new Map(rows.map(({ oid, ...of }) => [oid, { ...of, isHazardous: hazards.has(oid) }]));
}

/**
 * A leaf takes its own rows unless the bound that they fit depends on more than their text: the hash of
 * an enum depends on oids (trap 17), so does that of `regclass` and its like; that of a type of
 * somebody's own, or of an expression, depends on code; and the order of text on the version of a
 * collation. `unsound` holds the partitioned tables of that sort. The rows of all leaves below the highest
 * of them go in through it.
 */
const details = `
with recursive
  wanted as (select c.* from pg_catalog.pg_class c where c.oid = any ($1::oid[])),
  keys as (
    select p.partrelid, p.partstrat, k.attnum, k.collid, a.atttypid as typid
      from pg_catalog.pg_partitioned_table p
     cross join lateral unnest(p.partattrs::int2[], p.partcollation::oid[]) as k(attnum, collid)
      left join pg_catalog.pg_attribute a on a.attrelid = p.partrelid and a.attnum = k.attnum and k.attnum <> 0),
  parts(partrelid, typid) as (
    select partrelid, typid from keys where partstrat = 'h' and typid is not null
    union
    select parts.partrelid, inner_type.oid
      from parts join pg_catalog.pg_type t on t.oid = parts.typid
     cross join lateral (
       select t.typelem as oid where t.typelem <> 0
       union all select t.typbasetype where t.typbasetype <> 0
       union all select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid
       union all select a.atttypid from pg_catalog.pg_attribute a
                  where t.typrelid <> 0 and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
     ) inner_type),
  unsound as (
    select partrelid from keys where partstrat = 'h' and attnum = 0
    union
    select parts.partrelid from parts
      join pg_catalog.pg_type t on t.oid = parts.typid
      join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where t.typtype in ('e', 'm') or t.typname ~ '^reg' or (t.typtype = 'b' and t.typelem = 0 and n.nspname <> 'pg_catalog')
    union
    select keys.partrelid from keys
      join pg_catalog.pg_collation c on c.oid = keys.collid
     where not c.collisdeterministic
        or (keys.partstrat = 'r' and c.collname not in ('C', 'POSIX', 'ucs_basic', 'pg_c_utf8')
            and not (c.collname = 'default' and exists (
              select from pg_catalog.pg_database d
               where d.datname = pg_catalog.current_database() and d.datcollate in ('C', 'POSIX')
                 and coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c')))),
  above(leaf, oid, depth) as (
    select w.oid, i.inhparent, 1 from wanted w join pg_catalog.pg_inherits i on i.inhrelid = w.oid where w.relispartition
    union all
    select above.leaf, i.inhparent, above.depth + 1
      from above join pg_catalog.pg_class c on c.oid = above.oid and c.relispartition
      join pg_catalog.pg_inherits i on i.inhrelid = above.oid),
  through as (
    select distinct on (above.leaf) above.leaf, above.oid
      from above join unsound on unsound.partrelid = above.oid
     order by above.leaf, above.depth desc)
select w.oid, w.relpersistence = 'u' as unlogged,
       (select coalesce(array_agg(a.attname::text order by coalesce(up.attnum, a.attnum)), '{}')
          from pg_catalog.pg_attribute a
          left join pg_catalog.pg_attribute up on up.attrelid = root.oid and up.attname = a.attname and not up.attisdropped
         where a.attrelid = w.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       (coalesce(pg_catalog.pg_relation_size(w.oid), 0)
         / pg_catalog.current_setting('block_size')::int8)::float8 as blocks,
       (coalesce(pg_catalog.pg_relation_size(w.oid), 0)
         + coalesce(pg_catalog.pg_relation_size(nullif(w.reltoastrelid, 0)), 0))::float8 as bytes,
       coalesce(m.amname = 'heap', false) as "isHeap",
       case when root.oid is null then null
            else pg_catalog.json_build_object('schema', n.nspname, 'name', root.relname) end as root
  from wanted w
  left join pg_catalog.pg_am m on m.oid = w.relam
  left join through on through.leaf = w.oid
  left join pg_catalog.pg_class root on root.oid = through.oid
  left join pg_catalog.pg_namespace n on n.oid = root.relnamespace`;
