/** The rows of every table and the state of every sequence, as digests that depend on no order. */
import { inScope, type Part, type Schemas } from "./independent-catalog.ts";
import { queryAll, type Place, type Row } from "./independent-psql.ts";

/**
 * The queries that read the rows, written by the server itself, which knows how to quote its names.
 * Leaves under a hash on an enum are read through their roots alone, since their rows may change leaves;
 * a root with a foreign partition is read leaf by leaf alone, since nobody answers there.
 */
export async function rowParts(place: Place, schemas: Schemas): Promise<Part[]> {
  const [tables = [], sequences = []] = await queryAll(place, [
    tablesQuery(schemas),
    sequencesQuery(schemas),
  ]);
  return [...tables, ...sequences].map(partOf);
}

function partOf(row: Row): Part {
  return { title: `rows of ${String(row["title"])}`, query: String(row["query"]) };
}

function tablesQuery(schemas: Schemas): string {
  return `
    with wandering as (
      select p.partrelid as root from pg_partitioned_table p
      where partstrat = 'h' and exists (select from pg_attribute a join pg_type t on t.oid = atttypid
        where attrelid = partrelid and attnum = any (partattrs::int2[]) and typtype in ('e', 'd')))
    select format('%I.%I', nspname, relname) as title, case
      when relkind = 'm' and not relispopulated then 'select ''not populated'' as state'
      when columns is null then format('select count(*) as rows from %s %I.%I', single, nspname, relname)
      else format('select count(*) as rows, md5(string_agg(one, '''' order by one collate "C")) as digest from (select md5(independent_row::text) as one from (select %s from %s %I.%I) independent_row) each',
        columns, single, nspname, relname) end as query
    from pg_class c join pg_namespace n on n.oid = relnamespace
    cross join lateral (select string_agg(format('%I', attname), ', ' order by attname collate "C") as columns
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) a
    cross join lateral (select case relkind when 'p' then '' else 'only' end as single) o
    where relkind in ('r', 'p', 'm') and ${inScope("nspname", schemas)}
      and not (relkind = 'p' and exists (select from pg_partition_tree(c.oid) f join pg_class l on l.oid = f.relid where l.relkind = 'f'))
      and not exists (select from pg_partition_ancestors(c.oid) f join wandering on root = f.relid where f.relid <> c.oid)
    order by 1`;
}

function sequencesQuery(schemas: Schemas): string {
  return `select format('%I.%I', nspname, relname) as title, format('select last_value, is_called from %I.%I', nspname, relname) as query
    from pg_class join pg_namespace n on n.oid = relnamespace where relkind = 'S' and ${inScope("nspname", schemas)} order by 1`;
}
