import { textDigest } from "./text-digest.ts";

/**
 * Comments and security labels, by the object they are on. Comments on large objects are in the stream of those, and their
 * labels are listed as left out; those of indexes and statistics on an extension's tables, which no dump holds either, are told with them (`extensionQueries`).
 */
export function remarkQueries(): readonly string[] {
  return [
    remarks("comment", "pg_description", "classoid", textDigest("d.description")),
    remarks("security label", "pg_seclabel", "classoid", "concat_ws(' ', d.provider, d.label)"),
    labelsOfDatabase,
  ];
}

/** No load gives them, since a label's provider may not be there; they are told. */
export const labelOfDatabase = "security label of the database";

/** Without its name, which a restore may change; a schema tenant has none of them. */
const labelsOfDatabase = `
  select '${labelOfDatabase}', 'pg_shseclabel', l.objoid, concat_ws(' ', l.provider, l.label), false
    from pg_catalog.pg_shseclabel l
    join pg_catalog.pg_database d on d.oid = l.objoid and d.datname = pg_catalog.current_database()
   where l.classoid = 'pg_catalog.pg_database'::regclass and $1::text[] is null`;

/**
 * Schemas, constraints, triggers, rules and policies have no schema to `pg_identify_object`, but their address starts with one.
 * What has no identity is gone: dropping a subscription leaves its comment behind. Those of living subscriptions are dumped
 * with them, for a superuser alone.
 */
function remarks(kind: string, catalog: string, classColumn: string, text: string): string {
  return `
  select '${kind}', '${catalog}', d.objoid, concat_ws(' ', i.type, i.identity, ${text}), false
    from pg_catalog.${catalog} d
   cross join lateral pg_catalog.pg_identify_object(d.${classColumn}, d.objoid, d.objsubid) i
   cross join lateral pg_catalog.pg_identify_object_as_address(d.${classColumn}, d.objoid, d.objsubid) a
   where (d.objoid >= 16384 or (d.${classColumn} = 'pg_catalog.pg_namespace'::regclass and d.objoid = pg_catalog.to_regnamespace('public')))
     and d.${classColumn} not in ('pg_catalog.pg_largeobject'::regclass, 'pg_catalog.pg_extension'::regclass)
     and i.identity is not null
     and (d.${classColumn} <> 'pg_catalog.pg_subscription'::regclass
          or (select rolsuper from pg_catalog.pg_roles where rolname = current_user))
     and not exists (select from member m where m.classid = d.${classColumn} and m.objid = d.objoid)
     and not exists (
       select from pg_catalog.pg_index x
         join member m on m.classid = 'pg_catalog.pg_class'::regclass and m.objid = x.indrelid
        where d.${classColumn} = 'pg_catalog.pg_class'::regclass and x.indexrelid = d.objoid)
     and not exists (
       select from pg_catalog.pg_statistic_ext x
         join member m on m.classid = 'pg_catalog.pg_class'::regclass and m.objid = x.stxrelid
        where d.${classColumn} = 'pg_catalog.pg_statistic_ext'::regclass and x.oid = d.objoid)
     and ($1::text[] is null or a.object_names[1] = any ($1))
     and (i.schema is null or i.schema !~ '^pg_')`;
}
