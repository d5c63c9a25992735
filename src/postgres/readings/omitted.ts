import type { Fingerprint, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import { isUnspoken } from "./census-extensions.ts";
import type { ExtensionRelation } from "./extensions.ts";
import { notNullAbove } from "./not-null-above.ts";
import { inSystemSchema, notMember, schemasOf, scopeTables } from "./scope.ts";

type Omission = Fingerprint["omitted"][number];

export const rowsOfExtension = "rows of an extension's table";
export const valueInExtension = "value of an extension's sequence";

interface OmittedOptions {
  readonly leaveOutExtensions: readonly string[];
  readonly largeObjects: "include" | "ignore";
  readonly extensionRelations: readonly ExtensionRelation[];
  /** Names of all in the backup. */
  readonly roles: readonly string[];
}

/**
 * What a backup leaves out on purpose or cannot hold, by name, so that manifest and proof can list it
 * (promise 3). What belongs to the database and not to a schema tenant is counted but not named, since
 * it may be another tenant's.
 */
export async function readOmitted(
  session: Session,
  scope: Scope,
  options: OmittedOptions,
): Promise<Omission[]> {
  const found = await session.query<Omission>(inDatabaseQuery(session.versionNum), [schemasOf(scope)]);
  const beside = scope.kind === "schemas" ? await session.query<Omission>(besideSchemasQuery) : [];
  const ofRoles = await session.query<Omission>(ofRolesQuery, [options.roles]);
  const ofParameters =
    session.versionNum >= 150_000 ? await session.query<Omission>(ofParametersQuery, [options.roles]) : [];
  return [
    ...found,
    ...beside,
    ...ofRoles,
    ...ofParameters,
    ...ofExtensions(options),
    ...always(scope, options),
  ];
}

/**
 * A row for each thing there whose privileges are not those that its script gave it, in whatever order. initdb keeps
 * no account of them: everybody may use the schema and read all in it but what begins with `_pg_`, and what was never
 * altered otherwise has none.
 */
const alteredInformationSchema = `
  select from pg_catalog.pg_namespace s
   cross join lateral (
    select s.oid, s.nspacl, pg_catalog.acldefault('n', s.nspowner) || pg_catalog.makeaclitem(0, s.nspowner, 'USAGE', false)
    union all
    select r.oid, r.relacl, case when r.relname ~ '^_pg_' then pg_catalog.acldefault('r', r.relowner)
           else pg_catalog.acldefault('r', r.relowner) || pg_catalog.makeaclitem(0, r.relowner, 'SELECT', false) end
      from pg_catalog.pg_class r where r.relnamespace = s.oid
    union all
    select r.oid, a.attacl, pg_catalog.acldefault('c', r.relowner)
      from pg_catalog.pg_attribute a join pg_catalog.pg_class r on r.oid = a.attrelid where r.relnamespace = s.oid
    union all
    select p.oid, p.proacl, pg_catalog.acldefault('f', p.proowner) from pg_catalog.pg_proc p where p.pronamespace = s.oid
    union all
    select t.oid, t.typacl, pg_catalog.acldefault('T', t.typowner) from pg_catalog.pg_type t where t.typnamespace = s.oid) held(oid, acl, usual)
   where s.nspname = 'information_schema' and held.oid < 16384 and held.acl is not null
     and array(select pg_catalog.aclexplode(held.acl) x order by x) <> array(select pg_catalog.aclexplode(held.usual) x order by x)`;

/**
 * What somebody made there; tables are in the census, since rows are lost with them. Without collations, which are
 * imported there from the system. Where information_schema was made anew, as release notes have asked, all in it looks so.
 */
const inSchemasOfSystem = `
  select i.type || ' ' || i.identity as name
    from (
      select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace from pg_catalog.pg_proc p
      union all select 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relnamespace from pg_catalog.pg_class c where c.relkind = 'v'
      union all
      select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typnamespace from pg_catalog.pg_type t
       where t.typtype <> 'm' and t.oid not in (select e.typarray from pg_catalog.pg_type e)
         and not exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind <> 'c')
      union all select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, o.oprnamespace from pg_catalog.pg_operator o where o.oprcode <> 0
      union all select 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid, o.opcnamespace from pg_catalog.pg_opclass o
      union all select 'pg_catalog.pg_conversion'::pg_catalog.regclass, v.oid, v.connamespace from pg_catalog.pg_conversion v
      union all select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, d.oid, d.dictnamespace from pg_catalog.pg_ts_dict d
      union all select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, f.oid, f.cfgnamespace from pg_catalog.pg_ts_config f
    ) made(catalog, oid, space)
    join pg_catalog.pg_namespace n on n.oid = made.space
   cross join lateral pg_catalog.pg_identify_object(made.catalog, made.oid, 0) i
   where made.oid >= 16384 and ${inSystemSchema} and not (n.nspname = 'information_schema' and n.oid >= 16384)
     and not exists (
       select from pg_catalog.pg_depend d
        where d.classid = made.catalog and d.objid = made.oid and d.deptype in ('e', 'i'))`;

/**
 * Configurations and dictionaries that initdb made and somebody altered in place. It maps each sort of word to one
 * dictionary of its own, as many sorts in each language, and has a stemmer stop at its language's own words.
 */
const alteredTextSearch = `
  with mapped as (
    select m.mapcfg, count(*) as number, bool_or(m.mapdict >= 16384 or m.mapseqno > 1) as other
      from pg_catalog.pg_ts_config_map m where m.mapcfg < 16384 group by m.mapcfg)
  select 'configuration ' || quote_ident(c.cfgname) as name
    from pg_catalog.pg_ts_config c left join mapped on mapped.mapcfg = c.oid
   where c.oid < 16384
     and (coalesce(mapped.other, true) or mapped.number <> (select mode() within group (order by number) from mapped))
  union all
  select 'dictionary ' || quote_ident(d.dictname)
    from pg_catalog.pg_ts_dict d
   cross join lateral quote_literal(substring(d.dictname from '^(.*)_stem$')) language
   where d.oid < 16384 and d.dictinitoption is not null
     and (language is null
          or d.dictinitoption not in ('language = ' || language, 'language = ' || language || ', stopwords = ' || language))`;

/** Types whose values are XML or hold some. */
const typesOfXml = `
  with recursive of_xml(oid) as (
    select 'pg_catalog.xml'::pg_catalog.regtype::oid
    union
    select made.oid from of_xml cross join lateral (
      select t.oid from pg_catalog.pg_type t where of_xml.oid in (t.typelem, t.typbasetype)
      union all
      select c.reltype from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
       where a.atttypid = of_xml.oid and a.attnum > 0 and not a.attisdropped and c.reltype <> 0) made)
  select oid from of_xml`;

/** Subscriptions need a superuser to be dumped; a schema tenant's dump never holds them. */
function inDatabaseQuery(versionNum: number): string {
  return `
  with ${scopeTables},
  me as (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
  select 'rows of a foreign table' as kind, identity as name, 'they live on another server' as reason
    from relation where relkind = 'f'
  union all
  select 'index', format('%I.%I', r.nspname, c.relname), 'invalid, and left out by pg_dump'
    from pg_catalog.pg_index i join relation r on r.oid = i.indrelid join pg_catalog.pg_class c on c.oid = i.indexrelid
   where not i.indisvalid and c.relkind = 'i'
  union all
  select 'subscription', format('%I', s.subname), 'the backup role is no superuser'
    from pg_catalog.pg_subscription s, me, pg_catalog.pg_database d
   where s.subdbid = d.oid and d.datname = current_database() and not me.rolsuper and $1::text[] is null
  union all
  select 'options of a user mapping', format('%I on server %I', u.usename, u.srvname), 'the backup role may not read them'
    from pg_catalog.pg_user_mappings u, me where not me.rolsuper and u.umoptions is null and $1::text[] is null
  union all
  select 'column that may be null', r.identity || '.' || quote_ident(a.attname), 'not so in a table above, from which a dump has it inherit'
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid
   where r.relkind in ('r', 'f') and a.attnum > 0 and not a.attisdropped and ${notNullAbove(versionNum)}
  union all
  select 'privileges', 'in information_schema', 'altered there, and left out by pg_dump'
   where $1::text[] is null and exists (${alteredInformationSchema})
  union all
  select 'privileges', 'on languages of the server', 'altered there, and left out by pg_dump'
   where $1::text[] is null and exists (
     select from pg_catalog.pg_language l
      where l.oid < 16384 and l.lanacl is not null and l.lanacl <> pg_catalog.acldefault('l', l.lanowner)
        and not exists (select from member m where m.classid = 'pg_catalog.pg_language'::regclass and m.objid = l.oid))
  union all
  select 'privileges', 'on the row type of ' || r.identity, 'left out by pg_dump'
    from relation r join pg_catalog.pg_type t on t.oid = r.reltype
   where r.relkind <> 'c' and t.typacl <> pg_catalog.acldefault('T', t.typowner)
  union all
  select 'declarations of XML', r.identity || '.' || quote_ident(a.attname), 'the server sends values without version 1.0 and encoding'
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid
   where r.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.atttypid in (${typesOfXml})
  union all
  select 'text search of the system', altered.name, 'altered there, and left out by pg_dump'
    from (${alteredTextSearch}) altered where $1::text[] is null
  union all
  select 'owner of an extension', quote_ident(e.extname), 'it is ' || quote_ident(o.rolname) || '; a restore makes extensions its own'
    from pg_catalog.pg_extension e join pg_catalog.pg_roles o on o.oid = e.extowner
   where not o.rolsuper and $1::text[] is null
  union all
  select 'object in a schema of the system', made.name, 'pg_dump reads past it'
    from (${inSchemasOfSystem}) made where $1::text[] is null
  union all
  select 'privileges', 'on ' || i.type || ' ' || i.identity || ', which came with its range', 'left out by pg_dump'
    from (
      select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typnamespace, t.typacl, pg_catalog.acldefault('T', t.typowner)
        from pg_catalog.pg_type t where t.typtype = 'm'
      union all
      select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace, p.proacl, pg_catalog.acldefault('f', p.proowner)
        from pg_catalog.pg_proc p join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         and d.objid = p.oid and d.deptype = 'i' and d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
    ) made(catalog, oid, space, acl, usual)
   cross join lateral pg_catalog.pg_identify_object(made.catalog, made.oid, 0) i
   where made.acl <> made.usual and made.space in (select oid from space)
     and not exists (select from member m where m.classid = made.catalog and m.objid = made.oid)
  union all
  select distinct 'constraint', coalesce(quote_ident(k.conname) || ' on ' || o.identity, 'another''s, at ' || r.identity),
         'its own triggers are not enabled; after a restore they are'
    from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
    left join relation o on o.oid = k.conrelid
   where t.tgisinternal and t.tgenabled <> 'O'
  union all
  select 'detaching of a partition', r.identity, 'not finished there; a dump has it attached'
    from relation r join pg_catalog.pg_inherits h on h.inhrelid = r.oid
   where pg_catalog.to_jsonb(h) ->> 'inhdetachpending' = 'true'
  union all
  select 'security labels', 'of large objects', 'no dump of a schema has them'
   where $1::text[] is null
     and exists (select from pg_catalog.pg_seclabel l where l.classoid = 'pg_catalog.pg_largeobject'::regclass)
  union all
  select 'security labels', 'of the database', 'its provider may not be where it is restored'
   where $1::text[] is null and exists (
     select from pg_catalog.pg_shseclabel l join pg_catalog.pg_database d on d.oid = l.objoid
      where l.classoid = 'pg_catalog.pg_database'::regclass and d.datname = pg_catalog.current_database())
  union all
  select 'dependence on an extension', i.identity, 'pg_dump does not say it of aggregates and of triggers that partitions inherit'
    from pg_catalog.pg_depend d
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
   cross join lateral pg_catalog.pg_identify_object_as_address(d.classid, d.objid, 0) a
   where d.deptype = 'x' and d.refclassid = 'pg_catalog.pg_extension'::regclass and ($1::text[] is null or a.object_names[1] = any ($1))
     and ${isUnspoken}
  union all
  select 'tablespace', format('%I', t.spcname), 'everything is restored into the default tablespace'
    from pg_catalog.pg_tablespace t where t.oid in (select reltablespace from relation) and t.spcname !~ '^pg_'
  union all
  select 'contents of an extension''s materialised view', format('%I.%I', s.nspname, c.relname),
         'its script makes it anew; refresh it after a restore'
    from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
   where c.relkind = 'm' and c.relispopulated and not ${notMember("pg_class", "c")}
  union all
  select 'rows of an unlogged table', identity, 'a standby does not have them'
    from relation where relkind = 'r' and relpersistence = 'u' and pg_catalog.pg_is_in_recovery()
  union all
  select 'value of a sequence', identity, 'unlogged, on a standby'
    from relation where relkind = 'S' and relpersistence = 'u' and pg_catalog.pg_is_in_recovery()
  union all
  select 'exact value of sequences', 'all', 'on a standby sequences run ahead of their primary'
   where pg_catalog.pg_is_in_recovery() and exists (select from relation where relkind = 'S')
  union all
  select 'password', 'all', 'logins get new passwords after a restore'
  order by 1, 2`;
}

const besideSchemasQuery = `
  with counted(kind, number) as (
    select 'casts', count(*) from pg_catalog.pg_cast c where oid >= 16384 and not exists (
      select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = c.oid and d.deptype in ('e', 'i'))
    union all select 'event triggers', count(*) from pg_catalog.pg_event_trigger
    union all select 'publications', count(*) from pg_catalog.pg_publication
    union all select 'foreign servers', count(*) from pg_catalog.pg_foreign_server
    union all select 'languages', count(*) from pg_catalog.pg_language where oid >= 16384
    union all select 'access methods', count(*) from pg_catalog.pg_am where oid >= 16384
    union all select 'transforms', count(*) from pg_catalog.pg_transform where oid >= 16384)
  select kind, number::text as name, 'belongs to the database, not to a schema tenant' as reason
    from counted where number > 0 order by 1`;

/** In a database that tenants share; see `readRoles` for one of a tenant's own. */
const ofRolesQuery = `
  select 'settings of roles' as kind, count(*)::text as name,
         'in this database, by roles that nothing of the tenant''s names' as reason
    from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_database d on d.oid = s.setdatabase and d.datname = pg_catalog.current_database()
    join pg_catalog.pg_roles r on r.oid = s.setrole
   where r.rolname::text <> all ($1) having count(*) > 0
  union all
  select 'security labels', 'of roles', 'no dump of a database has them'
   where exists (
     select from pg_catalog.pg_shseclabel l join pg_catalog.pg_roles r on r.oid = l.objoid
      where l.classoid = 'pg_catalog.pg_authid'::regclass and r.rolname::text = any ($1))`;

/** What roles of the backup, or everybody, may do with parameters of the server, which belong to it and to no database. */
const ofParametersQuery = `
  select 'privileges on a parameter' as kind, p.parname as name, 'to ' || string_agg(distinct g.name, ', ') || '; of the server, and in no dump of a database' as reason
    from pg_catalog.pg_parameter_acl p
   cross join lateral pg_catalog.aclexplode(p.paracl) x
   cross join lateral (select case x.grantee when 0 then 'everybody' else pg_catalog.pg_get_userbyid(x.grantee)::text end) g(name)
   where x.grantee <> x.grantor and (x.grantee = 0 or g.name = any ($1))
   group by p.parname order by p.parname collate "C"`;

function ofExtensions(options: OmittedOptions): Omission[] {
  const rows = options.extensionRelations
    .filter(({ configuration, filled }) => !configuration && filled)
    .map((one) => ({
      kind: one.kind === "table" ? rowsOfExtension : valueInExtension,
      name: `${one.schema}.${one.name}`,
      reason: `${one.extension} does not mark it as configuration${one.kind === "table" ? "" : "; set it after a restore"}`,
    }));
  const leftOut = options.leaveOutExtensions.map((name) => ({
    kind: "extension",
    name,
    reason: "left out by the plan",
  }));
  return [...leftOut, ...rows];
}

function always(scope: Scope, options: OmittedOptions): Omission[] {
  const ignored = { kind: "large objects", name: "all", reason: "ignored by the plan" };
  const settings = {
    kind: "privileges on the database",
    name: scope.database,
    reason: "shared with other tenants",
  };
  return [
    ...(options.largeObjects === "ignore" ? [ignored] : []),
    ...(scope.kind === "schemas" ? [settings] : []),
  ];
}
