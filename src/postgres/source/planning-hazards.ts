import { Failure } from "../../base/failure.ts";
import { quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { readingCatalogs } from "../session/settings.ts";

/**
 * Of the relations with these oids those that no SELECT may name in a session with rights, by oid, and an object
 * that is the reason for it ("index public.late"). To plan one the
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
): Promise<ReadonlyMap<number, string>> {
  if (oids.length === 0) return new Map();
  const rows = await readingCatalogs(session, () =>
    session.query<{ oid: number; object: string }>(hazards, [oids]),
  );
  return new Map(rows.map(({ oid, object }) => [oid, object]));
}

interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/**
 * "source/changed" when the relation has become one that no SELECT may name: an index can be made beside our locks.
 * To be asked right before the SELECT, in a session without a snapshot.
 */
export async function assertPlansNoCode(session: Session, relation: Relation): Promise<void> {
  await assertNothingMade(session, relation, "during the backup");
}

/**
 * The same, to be asked once the SELECT is under way. Between the look before it and its plan lie milliseconds in which
 * nothing keeps an index away, and whose function has then been called is told. Until our transaction ends its lock
 * on the relation lets nobody drop an index or alter it; statistics alone could be gone again.
 */
export async function assertPlannedNoCode(session: Session, relation: Relation): Promise<void> {
  await assertNothingMade(session, relation, "in the moment in which its rows were asked for", {
    hint: "the server may have called that function with the rights of the backup role: see what it does and who made it",
  });
}

async function assertNothingMade(
  session: Session,
  relation: Relation,
  when: string,
  options?: { readonly hint: string },
): Promise<void> {
  const object = (await planningHazards(session, [relation.oid])).get(relation.oid);
  if (object === undefined) return;
  const message = `${object} was made on ${quoteName(relation)} ${when} and calls a function`;
  throw new Failure("source/changed", message, options);
}

/** satisfies_hash_partition, which is part of the server and evaluates the partition key of any table it is told. */
const looksElsewhere = "':funcid 5028 '";

const hazards = `
with recursive
  above(start, oid) as (
    select asked, asked from unnest($1::oid[]) as asked
    union
    select above.start, i.inhparent from above join pg_catalog.pg_inherits i on i.inhrelid = above.oid),
  below(start, oid) as (
    select asked, asked from unnest($1::oid[]) as asked
    union
    select below.start, i.inhrelid from below join pg_catalog.pg_inherits i on i.inhparent = below.oid),
  kin as (select start, oid from above union select start, oid from below),
  part(start, class, oid, text) as (
    select kin.start, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid,
           pg_catalog.concat(i.indexprs::text, i.indpred::text)
      from kin join pg_catalog.pg_index i on i.indrelid = kin.oid
     where i.indexprs is not null or i.indpred is not null
    union all
    select kin.start, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, pg_catalog.to_jsonb(s) ->> 'stxexprs'
      from kin join pg_catalog.pg_statistic_ext s on s.stxrelid = kin.oid
    union all
    select kin.start, 'pg_catalog.pg_class'::pg_catalog.regclass, p.partrelid, p.partexprs::text
      from kin join pg_catalog.pg_partitioned_table p on p.partrelid = kin.oid
     where p.partexprs is not null)
select distinct on (part.start) part.start as oid, i.type || ' ' || i.identity as object
  from part cross join lateral pg_catalog.pg_identify_object(part.class, part.oid, 0) i
 where part.text ~ ${looksElsewhere}
    or exists (
      select from pg_catalog.pg_depend d
       where d.classid = part.class and d.objid = part.oid and d.refobjid >= 16384
         and case d.refclassid
               when 'pg_catalog.pg_proc'::pg_catalog.regclass then exists (
                 select from pg_catalog.pg_proc p where p.oid = d.refobjid and p.prolang not in (12, 13))
               when 'pg_catalog.pg_operator'::pg_catalog.regclass then exists (
                 select from pg_catalog.pg_operator o join pg_catalog.pg_proc p on p.oid = o.oprcode
                  where o.oid = d.refobjid and p.oid >= 16384 and p.prolang not in (12, 13))
               when 'pg_catalog.pg_type'::pg_catalog.regclass then exists (
                 select from pg_catalog.pg_type t left join pg_catalog.pg_type e on e.oid = t.typelem
                  where t.oid = d.refobjid and (t.typtype in ('d', 'c', 'r', 'm') or e.typtype in ('d', 'c', 'r', 'm')))
               else false end)
 order by part.start, object`;
