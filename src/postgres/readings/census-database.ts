import type { CensusContext } from "./census-context.ts";
import { notMember } from "./scope.ts";
import { textDigest } from "./text-digest.ts";

/** What belongs to the database and lies in no schema; of a schema tenant none of it is. */
export function databaseQueries({ scope, versionNum }: CensusContext): readonly string[] {
  switch (scope.kind) {
    case "schemas":
      return [];
    case "database":
      return [
        casts,
        languages,
        accessMethods,
        transforms,
        foreignDataWrappers,
        servers,
        userMappings,
        userMappingOptions,
        eventTriggers,
        publications,
        publicationTables(versionNum >= 150_000 ? "r.prattrs" : "null::int2vector"),
        ...(versionNum >= 150_000 ? [publicationSchemas] : []),
      ];
  }
}

/**
 * Of what only a superuser may read and pg_dump has for a superuser alone; for others `readOmitted` names it. A query that
 * names such a column is refused to others even where it gives no rows, so they are asked without these.
 */
export function superuserQueries({ scope }: CensusContext): readonly string[] {
  switch (scope.kind) {
    case "schemas":
      return [];
    case "database":
      return [subscriptions, subscriptionOptions, subscriptionConnections];
  }
}

/** Below this oid lies what initdb made. */
const firstOwn = 16_384;

function own(catalog: string, alias: string): string {
  return `${alias}.oid >= ${String(firstOwn)} and ${notMember(catalog, alias)}`;
}

/** The cast of a range to its multirange comes with the range. */
const casts = `
  select 'cast', 'pg_cast', c.oid,
         concat_ws(' ', c.castsource::regtype, 'as', c.casttarget::regtype, nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod), true
    from pg_catalog.pg_cast c where ${own("pg_cast", "c")}
     and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')`;

const languages = `
  select 'language', 'pg_language', l.oid, concat_ws(' ', quote_ident(l.lanname), case when l.lanpltrusted then 'trusted' end,
           nullif(l.lanplcallfoid, 0)::regproc, nullif(l.laninline, 0)::regproc, nullif(l.lanvalidator, 0)::regproc), true
    from pg_catalog.pg_language l where ${own("pg_language", "l")}`;

const accessMethods = `
  select 'access method', 'pg_am', a.oid, concat_ws(' ', quote_ident(a.amname), a.amtype, a.amhandler), true
    from pg_catalog.pg_am a where ${own("pg_am", "a")}`;

const transforms = `
  select 'transform', 'pg_transform', t.oid,
         concat_ws(' ', t.trftype::regtype, 'language', l.lanname, nullif(t.trffromsql::oid, 0)::regproc, nullif(t.trftosql::oid, 0)::regproc), true
    from pg_catalog.pg_transform t join pg_catalog.pg_language l on l.oid = t.trflang where ${own("pg_transform", "t")}`;

const foreignDataWrappers = `
  select 'foreign data wrapper', 'pg_foreign_data_wrapper', w.oid,
         concat_ws(' ', quote_ident(w.fdwname), nullif(w.fdwhandler, 0)::regproc, nullif(w.fdwvalidator, 0)::regproc,
           array_to_string(array(select unnest(w.fdwoptions) order by 1), ', ')), true
    from pg_catalog.pg_foreign_data_wrapper w where ${own("pg_foreign_data_wrapper", "w")}`;

const servers = `
  select 'foreign server', 'pg_foreign_server', s.oid,
         concat_ws(' ', quote_ident(s.srvname), w.fdwname, s.srvtype, s.srvversion,
           array_to_string(array(select unnest(s.srvoptions) order by 1), ', ')), true
    from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
   where ${own("pg_foreign_server", "s")}`;

const userMappings = `
  select 'user mapping', 'pg_user_mapping', u.umid, concat_ws(' ', case u.umuser when 0 then 'public' else u.usename end, 'SERVER', u.srvname), true
    from pg_catalog.pg_user_mappings u
   where u.umid >= ${String(firstOwn)} and not exists (
         select from member m where m.classid = 'pg_catalog.pg_foreign_server'::regclass and m.objid = u.srvid)`;

/** Of what only a superuser is shown whole. */
export const mappingOptions = "options of a user mapping";

/**
 * Told by their digest, since they are secret, and never by name (`censusOf`). Who may not see them gets an archive
 * without them, and where that is restored there are none.
 */
const userMappingOptions = `
  select '${mappingOptions}', 'pg_user_mapping', u.umid,
         concat_ws(' ', case u.umuser when 0 then 'public' else u.usename end, 'SERVER', u.srvname,
           ${textDigest("array_to_string(array(select unnest(u.umoptions) order by 1), ', ')")}), false
    from pg_catalog.pg_user_mappings u
   where u.umid >= ${String(firstOwn)} and u.umoptions is not null and not exists (
         select from member m where m.classid = 'pg_catalog.pg_foreign_server'::regclass and m.objid = u.srvid)`;

const eventTriggers = `
  select 'event trigger', 'pg_event_trigger', e.oid,
         concat_ws(' ', quote_ident(e.evtname), e.evtevent, e.evtenabled, e.evtfoid::regproc,
           array_to_string(array(select unnest(e.evttags) order by 1), ', ')), true
    from pg_catalog.pg_event_trigger e where ${own("pg_event_trigger", "e")}`;

const publications = `
  select 'publication', 'pg_publication', p.oid,
         concat_ws(' ', quote_ident(p.pubname), p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
           to_jsonb(p) ->> 'pubgencols'), true
    from pg_catalog.pg_publication p where ${own("pg_publication", "p")}`;

function publicationTables(columns: string): string {
  return `
  select 'table of a publication', 'pg_publication_rel', r.oid,
         concat_ws(' ', r.prrelid::regclass, 'in', quote_ident(p.pubname),
           (select string_agg(quote_ident(a.attname), ', ' order by a.attname)
              from unnest(${columns}) k join pg_catalog.pg_attribute a on a.attrelid = r.prrelid and a.attnum = k),
           case when to_jsonb(r) ->> 'prqual' is not null then 'where' end),
         exists (select from relation where relation.oid = r.prrelid)
    from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
   where ${own("pg_publication", "p")}`;
}

const publicationSchemas = `
  select 'schema of a publication', 'pg_publication_namespace', n.oid,
         concat_ws(' ', n.pnnspid::regnamespace, 'in', quote_ident(p.pubname)), true
    from pg_catalog.pg_publication_namespace n join pg_catalog.pg_publication p on p.oid = n.pnpubid
   where ${own("pg_publication", "p")}`;

function ofSubscriptions(
  kind: string,
  { identity, archived }: { identity: string; archived: boolean },
): string {
  return `
  select '${kind}', 'pg_subscription', s.oid, ${identity}, ${String(archived)}
    from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid and d.datname = current_database()`;
}

/** A restored one is disabled. */
const subscriptions = ofSubscriptions("subscription", { identity: "quote_ident(s.subname)", archived: true });

/** Where a load leaves a subscription out these are lost with it, which is told. */
export const optionsOfSubscription = "options of a subscription";
export const connectionOfSubscription = "connection of a subscription";

/** Without what is of the moment: whether it runs, which a restored one must not, how far it has come and what it skips. */
const subscriptionOptions = ofSubscriptions(optionsOfSubscription, {
  identity: `
         concat_ws(' ', quote_ident(s.subname), 'of', pg_catalog.pg_get_userbyid(s.subowner), 'to',
           array(select unnest(s.subpublications) order by 1)::text,
           case when to_jsonb(s) ->> 'subtwophasestate' <> 'd' then 'in two phases' end,
           (to_jsonb(s) - '{oid,subdbid,subname,subowner,subenabled,subconninfo,subpublications,subskiplsn,subtwophasestate}'::text[])::text)`,
  archived: false,
});

/** Told by its digest, since it may hold a password, and never by name. */
const subscriptionConnections = ofSubscriptions(connectionOfSubscription, {
  identity: `concat_ws(' ', quote_ident(s.subname), ${textDigest("s.subconninfo")})`,
  archived: false,
});
