import { Failure } from "../base/failure.ts";
import { quoteName } from "./quote.ts";
import type { Session } from "./session.ts";
import { readingCatalogs } from "./settings.ts";

/**
 * Of the relations with these oids those that no SELECT may name in a session with rights. To plan one the
 * server evaluates what is constant in the expressions and predicates of the relation's indexes, in its
 * extended statistics and in the keys of partitions, and with that calls functions of the tenant as
 * whoever asks (trap 2). A plain `COPY table TO` plans nothing. Functions in C and internal ones are taken
 * for harmless, since nobody but a superuser makes those; every other one, also of an extension, is not, and
 * neither is a domain, range or composite type, which may bring some along. Constraints are left out, for
 * the settings of `setExactText` keep the planner from looking at them. A transaction with a snapshot reads the
 * catalogs as they were, while the planner goes by what they are: ask in a session without one.
 */
export async function planningHazards(
  session: Session,
  oids: readonly number[],
): Promise<ReadonlySet<number>> {
  if (oids.length === 0) return new Set();
  const rows = await readingCatalogs(session, () => session.query<{ oid: number }>(hazards, [oids]));
  return new Set(rows.map(({ oid }) => oid));
}

/**
 * "source/changed" when the table has become such a relation: an index can be made beside our locks. To be
 * asked right before the SELECT, in a session without a snapshot.
 */
export async function assertPlansNoCode(
  session: Session,
  table: { readonly oid: number; readonly schema: string; readonly name: string },
): Promise<void> {
  const found = await planningHazards(session, [table.oid]);
  if (found.size === 0) return;
  throw new Failure(
    "source/changed",
    `an index or statistics that call a function were made on ${quoteName(table)} during the backup`,
  );
}

/** satisfies_hash_partition, which is part of the server and evaluates the partition key of any table it is told. */
const looksElsewhere = "':funcid 5028 '";

const hazards = `
with recursive
  suspect_function as (
    select oid from pg_catalog.pg_proc where oid >= 16384 and prolang not in (12, 13)),
  suspect_type as (
    select oid from pg_catalog.pg_type where oid >= 16384 and typtype in ('d', 'c', 'r', 'm')),
  suspect(class, oid) as (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, oid from suspect_function
    union all
    select 'pg_catalog.pg_operator'::pg_catalog.regclass::oid, o.oid from pg_catalog.pg_operator o
     where o.oid >= 16384 and o.oprcode::oid in (select oid from suspect_function)
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass::oid, oid from suspect_type
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid from pg_catalog.pg_type t
     where t.typelem in (select oid from suspect_type)),
  part(relation, class, oid, text) as (
    select i.indrelid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, i.indexrelid,
           pg_catalog.concat(i.indexprs::text, i.indpred::text)
      from pg_catalog.pg_index i where i.indexprs is not null or i.indpred is not null
    union all
    select s.stxrelid, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid,
           pg_catalog.to_jsonb(s) ->> 'stxexprs'
      from pg_catalog.pg_statistic_ext s
    union all
    select p.partrelid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, p.partrelid, p.partexprs::text
      from pg_catalog.pg_partitioned_table p where p.partexprs is not null),
  calling as (
    select part.relation from part
     where part.text ~ ${looksElsewhere}
        or exists (select from pg_catalog.pg_depend d join suspect on suspect.class = d.refclassid and suspect.oid = d.refobjid
                    where d.classid = part.class and d.objid = part.oid)),
  above(start, oid) as (
    select asked, asked from unnest($1::oid[]) as asked
    union
    select above.start, i.inhparent from above join pg_catalog.pg_inherits i on i.inhrelid = above.oid),
  below(start, oid) as (
    select asked, asked from unnest($1::oid[]) as asked
    union
    select below.start, i.inhrelid from below join pg_catalog.pg_inherits i on i.inhparent = below.oid)
select distinct kin.start as oid
  from (select start, oid from above union all select start, oid from below) as kin
 where kin.oid in (select relation from calling)`;
