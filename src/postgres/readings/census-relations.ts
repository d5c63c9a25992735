import type { CensusContext } from "./census-context.ts";
import { notNullAbove } from "./not-null-above.ts";
import { inSystemSchema, notMember } from "./scope.ts";

/** Schemas, everything in pg_class, and what hangs on tables. */
export function relationQueries({ scope, versionNum }: CensusContext): readonly string[] {
  return [
    schemas,
    relations,
    ...(scope.kind === "database" ? [tablesOfSystem] : []),
    columns({
      compression: versionNum >= 140_000 ? "a.attcompression" : "''",
      notNull: versionNum >= 180_000 ? notNullConstraint : "null",
      nullableBelow: notNullAbove(versionNum),
    }),
    indexes(versionNum >= 150_000 ? "i.indnullsnotdistinct" : "false"),
    constraints(versionNum >= 180_000 ? constraintsOf18 : constraintsBefore),
    triggers,
    enforcement,
    ...(versionNum >= 140_000 ? [detaching] : []),
    rules,
    policies,
    statistics,
  ];
}

/** The schema public is in every new database, so that one which lacks it cannot be told by an archive. */
const schemas = `
  select case nspname when 'public' then 'public schema' else 'schema' end, 'pg_namespace', oid,
         quote_ident(nspname), nspname <> 'public'
    from space
   where ${notMember("pg_namespace", "space")}`;

const relations = `
  select case r.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
           when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence' end,
         'pg_class', r.oid,
         concat_ws(' ', r.identity, r.relpersistence, r.relreplident,
           case when r.relrowsecurity then 'row security' end,
           case when r.relforcerowsecurity then 'forced' end,
           case when r.relkind in ('r', 'p', 'm') then (select amname from pg_catalog.pg_am where oid = r.relam) end,
           (select 'with ' || string_agg(o, ', ' order by o) from unnest(r.reloptions) o),
           (select 'toast ' || string_agg(o, ', ' order by o) from pg_catalog.pg_class t, unnest(t.reloptions) o where t.oid = r.reltoastrelid),
           case when r.relispartition then pg_catalog.pg_get_expr(r.relpartbound, r.oid) end,
           (select 'strategy ' || p.partstrat::text || p.partnatts::text from pg_catalog.pg_partitioned_table p where p.partrelid = r.oid),
           (select 'inherits ' || string_agg(h.inhparent::regclass::text, ', ' order by h.inhseqno)
              from pg_catalog.pg_inherits h where h.inhrelid = r.oid),
           case when r.reloftype <> 0 then 'of ' || r.reloftype::regtype::text end,
           (select concat_ws(' ', 'on server', v.srvname, array_to_string(array(select unnest(f.ftoptions) order by 1), ', '))
              from pg_catalog.pg_foreign_table f join pg_catalog.pg_foreign_server v on v.oid = f.ftserver where f.ftrelid = r.oid),
           (select concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
              from pg_catalog.pg_sequence s where s.seqrelid = r.oid),
           (select 'owned by ' || d.refobjid::regclass::text || '.' || quote_ident(a.attname)
              from pg_catalog.pg_depend d join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
             where r.relkind = 'S' and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid
               and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') limit 1)),
         true
    from relation r where r.relkind in ('r', 'p', 'v', 'm', 'f', 'S')`;

/** What somebody made beside the system's own tables: pg_dump reads past it, rows and all. */
export const tableInSystemSchema = "table in a schema of the system";

/** Whoever makes information_schema anew, as release notes have asked, gives the standard's own tables new oids. */
const tablesOfSystem = `
  select '${tableInSystemSchema}', 'pg_class', c.oid, format('%I.%I', n.nspname, c.relname), false
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'f', 'S') and c.relpersistence <> 't'
     and ${inSystemSchema} and ${notMember("pg_class", "c")}
     and not (n.oid >= 16384 and c.relname in (
       'sql_features', 'sql_implementation_info', 'sql_languages', 'sql_packages', 'sql_parts', 'sql_sizing', 'sql_sizing_profiles'))`;

/**
 * Order is left out: under inheritance a restore may change it, and every column is read by name. What may be null though
 * it may not above is listed as left out, and here as what it will be.
 */
function columns({
  compression,
  notNull,
  nullableBelow,
}: Readonly<Record<"compression" | "notNull" | "nullableBelow", string>>): string {
  return `
  select 'column', 'pg_class', r.oid,
         concat_ws(' ', r.identity || '.' || quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod),
           case when a.attnotnull or ${nullableBelow} then 'not null' end, ${notNull},
           case when a.atthasdef then 'default' end,
           case when not a.attislocal and not r.relispartition then 'inherited' end,
           nullif(a.attidentity::text, ''), nullif(a.attgenerated::text, ''),
           case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
           case when r.relkind in ('r', 'p', 'm', 'f') then a.attstorage::text || ${compression}::text end,
           case when coalesce(a.attstattarget, -1) <> -1 then 'statistics ' || a.attstattarget::text end,
           ${columnOptions}, array_to_string(a.attfdwoptions, ', ')),
         false
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid join pg_catalog.pg_type t on t.oid = a.atttypid
   where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0 and not a.attisdropped`;
}

/**
 * Without the version that the releases of November 2026 (15.20 and its like) give every column when it is made or altered:
 * it is another one in each database, and pg_dump leaves it out.
 */
const columnOptions = `nullif(array_to_string(array(select o from unnest(a.attoptions) o where o not like 'pg\\_attver=%'), ', '), '')`;

/** From 18 on what is not null is a constraint, which may be not valid, and the table's alone. */
const notNullConstraint = `
  (select nullif(concat_ws(' ', case when not k.convalidated then 'not valid' end, case when k.connoinherit then 'no inherit' end), '')
     from pg_catalog.pg_constraint k
    where k.conrelid = a.attrelid and k.contype = 'n' and k.conkey[1] = a.attnum)`;

/**
 * The server counts an index of a partitioned table as whole when each partition has a part of it. A foreign one never
 * has, so that what a dump brings back stays invalid there, in which it may differ from one that was made at once.
 */
const staysInvalid = `(c.relkind = 'I' and exists (
  with recursive below(oid) as (
    select i.indrelid union select h.inhrelid from pg_catalog.pg_inherits h join below b on b.oid = h.inhparent)
  select from below b join pg_catalog.pg_class f on f.oid = b.oid where f.relkind = 'f'))`;

/** An index that makes a constraint is in the archive as that constraint; an invalid one is not at all. */
function indexes(nullsNotDistinct: string): string {
  return `
  select 'index', 'pg_class', c.oid,
         concat_ws(' ', format('%I.%I', r.nspname, c.relname), 'on', r.identity, am.amname,
           case when i.indisunique then 'unique' end, case when i.indisprimary then 'primary' end,
           case when ${nullsNotDistinct} then 'nulls not distinct' end,
           case when i.indisclustered then 'clustered' end, case when i.indisreplident then 'replica identity' end,
           case when i.indisvalid or ${staysInvalid} then 'valid' end, case when not i.indisready then 'not ready' end,
           case when not i.indislive then 'not live' end, case when not i.indimmediate then 'deferrable' end, case when i.indpred is not null then 'partial' end,
           'keys', i.indnkeyatts,
           (select string_agg(coalesce(quote_ident(a.attname), '(expression)'), ', ' order by k.place)
              from unnest(i.indkey) with ordinality k(attnum, place)
              left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum),
           (select string_agg(format('%I.%I', o.opcnamespace::regnamespace, o.opcname), ', ' order by k.place)
              from unnest(i.indclass) with ordinality k(oid, place) join pg_catalog.pg_opclass o on o.oid = k.oid),
           i.indoption::text,
           (select string_agg(k.oid::regcollation::text, ', ' order by k.place)
              from unnest(i.indcollation) with ordinality k(oid, place) where k.oid <> 0),
           (select 'with ' || string_agg(o, ', ' order by o) from unnest(c.reloptions) o),
           (select string_agg(concat_ws(' ', 'column', a.attnum, ${columnOptions}, nullif(coalesce(a.attstattarget, -1), -1)),
                              ', ' order by a.attnum)
              from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and (${columnOptions} is not null or coalesce(a.attstattarget, -1) <> -1)),
           (select 'part of ' || h.inhparent::regclass::text from pg_catalog.pg_inherits h where h.inhrelid = c.oid)),
         not exists (select from pg_catalog.pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
    from pg_catalog.pg_index i join relation r on r.oid = i.indrelid
    join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_am am on am.oid = c.relam
   where i.indisvalid or c.relkind = 'I'`;
}

/** Foreign keys that partitions derive from their parents get names by chance, so they go without; and whether a key is
 * inherited depends on whether its partition was attached or made in place. What is not null is told with the columns
 * and domains; from 18 on it has a name as well, and more to it. */
function constraints({ enforced, period, hasComparedName }: typeof constraintsBefore): string {
  return `
  select 'constraint', 'pg_constraint', c.oid,
         concat_ws(' ', case when c.contype = 'f' and c.conparentid <> 0 then '(derived)' else quote_ident(c.conname) end,
           'on', coalesce(r.identity, c.contypid::regtype::text), c.contype,
           case when c.convalidated then 'valid' else 'not valid' end, case when not ${enforced} then 'not enforced' end,
           case when ${period} then 'period' end,
           case when c.condeferrable then 'deferrable' end, case when c.condeferred then 'deferred' end,
           case when c.connoinherit and c.contype in ('c', 'n') then 'no inherit' end,
           case when not c.conislocal and c.contype = 'c' and not r.relispartition then 'inherited' end,
           (select string_agg(quote_ident(a.attname), ', ' order by k.place)
              from unnest(c.conkey) with ordinality k(attnum, place)
              join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum where c.contype <> 'c'),
           case when c.contype = 'f' then concat_ws(' ', 'to', c.confrelid::regclass, c.confupdtype, c.confdeltype, c.confmatchtype,
             (select string_agg(quote_ident(a.attname), ', ' order by k.place)
                from unnest(c.confkey) with ordinality k(attnum, place)
                join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum)) end),
         c.contype in ('p', 'u', 'x') or (c.contype = 'f' and c.conparentid = 0)
    from pg_catalog.pg_constraint c
    left join relation r on r.oid = c.conrelid
    left join pg_catalog.pg_type t on t.oid = c.contypid and t.typnamespace in (select oid from space)
     and ${notMember("pg_type", "t")}
   where (r.oid is not null or t.oid is not null) and (c.contype <> 'n' or ${hasComparedName})`;
}

/**
 * Of the names of what is not null: what is inherited alone may get another one by a restore; partitions keep theirs. Where the one above is not valid,
 * pg_dump has the heir say its own, so that whether it did before is not known afterwards.
 */
const hasComparedName = `
  (r.relispartition or c.conislocal and not exists (
    select from pg_catalog.pg_inherits h
      join pg_catalog.pg_constraint above on above.conrelid = h.inhparent and above.contype = 'n' and not above.convalidated
      join pg_catalog.pg_attribute theirs on theirs.attrelid = h.inhparent and theirs.attnum = above.conkey[1]
      join pg_catalog.pg_attribute ours on ours.attrelid = c.conrelid and ours.attnum = c.conkey[1] and ours.attname = theirs.attname
     where h.inhrelid = c.conrelid))`;

const constraintsBefore = { enforced: "true", period: "false", hasComparedName: "false" };
const constraintsOf18 = { enforced: "c.conenforced", period: "c.conperiod", hasComparedName };

/** Clones on partitions come with their parent's trigger. */
const triggers = `
  select 'trigger', 'pg_trigger', t.oid,
         concat_ws(' ', quote_ident(t.tgname), 'on', r.identity, t.tgtype, t.tgenabled, t.tgfoid::regprocedure,
           'from ' || nullif(t.tgconstrrelid, 0)::regclass::text, case when t.tgdeferrable then 'deferrable' end, case when t.tginitdeferred then 'deferred' end,
           t.tgnargs, encode(t.tgargs, 'hex'), t.tgoldtable, t.tgnewtable,
           (select 'of ' || string_agg(quote_ident(a.attname), ', ' order by a.attname)
              from unnest(t.tgattr) k join pg_catalog.pg_attribute a on a.attrelid = t.tgrelid and a.attnum = k)),
         t.tgparentid = 0
    from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal`;

/**
 * What the server itself has a constraint watched by: `DISABLE TRIGGER ALL` puts it to sleep, and a foreign key then holds
 * nothing. pg_dump does not tell, so that a restore has it awake. A neighbour's key that refers here goes without its name.
 */
export const sleepingConstraint = "constraint that is not watched over";

const enforcement = `
  select '${sleepingConstraint}', 'pg_constraint', k.oid,
         concat_ws(' ',
           case when o.oid is null then '(another''s)'
                when k.contype = 'f' and k.conparentid <> 0 then '(derived)' else quote_ident(k.conname) end,
           'on ' || o.identity, 'at', r.identity, string_agg(t.tgenabled::text, '' order by t.tgtype, t.tgenabled)),
         false
    from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
    left join relation o on o.oid = k.conrelid
   where t.tgisinternal and t.tgenabled <> 'O'
   group by k.oid, k.contype, k.conparentid, k.conname, o.oid, o.identity, r.identity`;

/** Of what DETACH CONCURRENTLY has not finished: whoever reads the parent is shown its rows no more, which no dump tells. */
export const detachingPartition = "partition that is being detached";

const detaching = `
  select '${detachingPartition}', 'pg_class', r.oid, concat_ws(' ', r.identity, 'from', h.inhparent::regclass), false
    from pg_catalog.pg_inherits h join relation r on r.oid = h.inhrelid where h.inhdetachpending`;

const rules = `
  select 'rule', 'pg_rewrite', w.oid,
         concat_ws(' ', quote_ident(w.rulename), 'on', r.identity, w.ev_type, w.ev_enabled, case when w.is_instead then 'instead' end),
         true
    from pg_catalog.pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'`;

const policies = `
  select 'policy', 'pg_policy', p.oid,
         concat_ws(' ', quote_ident(p.polname), 'on', r.identity, p.polcmd, case when p.polpermissive then 'permissive' end,
           (select string_agg(case k when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(k)) end, ', '
                              order by pg_catalog.pg_get_userbyid(k)) from unnest(p.polroles) k),
           case when p.polqual is not null then 'using' end, case when p.polwithcheck is not null then 'with check' end),
         true
    from pg_catalog.pg_policy p join relation r on r.oid = p.polrelid`;

const statistics = `
  select 'statistics', 'pg_statistic_ext', e.oid,
         concat_ws(' ', format('%I.%I', s.nspname, e.stxname), 'on', e.stxrelid::regclass, array_to_string(e.stxkind, ''),
           nullif(coalesce(e.stxstattarget, -1), -1),
           (select string_agg(quote_ident(a.attname), ', ' order by a.attname)
              from unnest(e.stxkeys) k join pg_catalog.pg_attribute a on a.attrelid = e.stxrelid and a.attnum = k)),
         true
    from pg_catalog.pg_statistic_ext e join space s on s.oid = e.stxnamespace
   where not exists (select from member m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = e.stxrelid)`;
