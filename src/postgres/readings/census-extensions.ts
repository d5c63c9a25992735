import type { CensusContext } from "./census-context.ts";
import { textDigest } from "./text-digest.ts";

/** The kinds of these entries begin so; the name of the extension follows. */
export const memberOfExtension = "member of extension ";

/** Of indexes and statistics, which functions of some extensions make when they are told to; the name of the extension follows. */
export const aidOfExtension = "aid of extension ";

/** Of what goes when an extension is dropped, without being of it; the name of the extension follows. */
export const dependsOnExtension = "dependence on extension ";

/** Of what pg_dump does not say it: aggregates, and the clones of a trigger on partitions. */
export const unspokenDependence = "dependence on an extension, in no dump";

/**
 * What belongs to an extension. Its version stands for what its script made, but whoever owns it can make
 * objects of their own members (`ALTER EXTENSION … ADD`), and triggers, policies, keys or columns on its tables; all
 * that pg_dump leaves out, as it does what the script made. A schema tenant has only those that lie in its schemas.
 */
export function extensionQueries(_context: CensusContext): readonly string[] {
  return [members, onTables, aids, dependents];
}

const members = `
  select '${memberOfExtension}' || e.extname, 'pg_extension', e.oid, concat_ws(' ', i.type, i.identity), false
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
   where d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::regclass
     and ($1::text[] is null or i.schema = any ($1))`;

/** Of a row `d` of pg_depend. */
export const isUnspoken = `(
  exists (select from pg_catalog.pg_proc p where d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid and p.prokind = 'a')
  or exists (select from pg_catalog.pg_trigger t where d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid and t.tgparentid <> 0))`;

/** A trigger has no schema to `pg_identify_object`, but its address starts with one. */
const dependents = `
  select case when ${isUnspoken} then '${unspokenDependence}' else '${dependsOnExtension}' || e.extname end, 'pg_depend', d.objid, concat_ws(' ', i.type, i.identity), false
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
   cross join lateral pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid) a
   where d.deptype = 'x' and d.refclassid = 'pg_catalog.pg_extension'::regclass
     and ($1::text[] is null or a.object_names[1] = any ($1))`;

/** The tables of extensions with the name that each thing on them is told with. */
const tables = `
  select e.extname, e.oid as extension, c.*, format('%I.%I', s.nspname, c.relname) as identity
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
    join pg_catalog.pg_class c on c.oid = d.objid
    join space s on s.oid = c.relnamespace
   where d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::regclass
     and d.classid = 'pg_catalog.pg_class'::regclass and c.relkind in ('r', 'p', 'f', 'v', 'm')`;

const onTables = `
  select '${memberOfExtension}' || t.extname, 'pg_extension', t.extension, thing.identity || ' on ' || t.identity, false
    from (${tables}) t
   cross join lateral (
    select concat_ws(' ', 'column', quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod),
                     case when a.attnotnull then 'not null' end, case when a.atthasdef then 'with default' end)
      from pg_catalog.pg_attribute a
     where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and t.relkind in ('r', 'p', 'f')
    union all
    select concat_ws(' ', 'trigger', quote_ident(g.tgname), g.tgtype, g.tgenabled, g.tgfoid::regprocedure)
      from pg_catalog.pg_trigger g where g.tgrelid = t.oid and not g.tgisinternal
    union all
    select concat_ws(' ', 'rule', quote_ident(w.rulename), w.ev_type, w.ev_enabled, case when w.is_instead then 'instead' end)
      from pg_catalog.pg_rewrite w where w.ev_class = t.oid and w.rulename <> '_RETURN'
    union all
    select concat_ws(' ', 'policy', quote_ident(p.polname), p.polcmd, case when p.polpermissive then 'permissive' end)
      from pg_catalog.pg_policy p where p.polrelid = t.oid
    union all
    select concat_ws(' ', 'row security', case when t.relforcerowsecurity then 'forced' end) where t.relrowsecurity
    union all
    select concat_ws(' ', 'constraint', quote_ident(k.conname), k.contype, case when not k.convalidated then 'not valid' end)
      from pg_catalog.pg_constraint k
     where k.conrelid = t.oid and k.contype not in ('n', 't') and k.conparentid = 0) thing(identity)`;

const aids = `
  select '${aidOfExtension}' || t.extname, 'pg_extension', t.extension, thing.identity || ' on ' || t.identity, false
    from (${tables}) t
   cross join lateral (
    select concat_ws(' ', case when i.indisunique then 'unique' end, 'index', quote_ident(x.relname),
                     'with comment ' || ${textDigest("pg_catalog.obj_description(x.oid, 'pg_class')")})
      from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
     where i.indrelid = t.oid and i.indisvalid
       and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.conrelid = t.oid)
    union all
    select concat_ws(' ', 'statistics', quote_ident(x.stxname),
                     'with comment ' || ${textDigest("pg_catalog.obj_description(x.oid, 'pg_statistic_ext')")})
      from pg_catalog.pg_statistic_ext x where x.stxrelid = t.oid) thing(identity)`;
