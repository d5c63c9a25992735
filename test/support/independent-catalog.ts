/** Queries that tell what a database is, written for the tests' own comparison. */

export interface Part {
  /** Named in every difference found by it. */
  readonly title: string;
  readonly query: string;
}

/** Which schemas are looked at: `wanted` or all, without `ignored`. */
export interface Schemas {
  readonly wanted: readonly string[] | null;
  readonly ignored: readonly string[];
}

export function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function among(column: string, schemas: readonly string[]): string {
  return `${column} = any (array[${schemas.map(literal).join(", ")}]::text[])`;
}

/** A condition on a column that holds the name of a schema. */
export function inScope(column: string, { wanted, ignored }: Schemas): string {
  const ours = wanted === null ? "true" : among(column, wanted);
  const system = `(${column} like 'pg\\_%' or ${column} = 'information_schema')`;
  return `(${ours} and not ${system}${ignored.length === 0 ? "" : ` and not ${among(column, ignored)}`})`;
}

/** The grants of `acl`, spelled out; what was never granted stands as the default it means. `kind` is an SQL expression. */
function grants(acl: string, kind: string, owner: string): string {
  return `(select coalesce(array_agg(line order by line collate "C"), '{}') from (
    select format('%s from %s: %s%s', case grantee when 0 then 'public' else grantee::regrole::text end,
      grantor::regrole, privilege_type, case when is_grantable then ' with grant option' else '' end) as line
    from aclexplode(coalesce(${acl}, acldefault((${kind})::"char", ${owner})))) g)`;
}

/** What concerns the database as a whole; not asked of a tenant that is some schemas. */
export const databaseParts: readonly Part[] = [
  {
    title: "comment that no dump has",
    query: `select i.type, i.identity, d.description from pg_description d
      cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
      where d.objoid >= 16384 and d.classoid in ('pg_type'::regclass, 'pg_rewrite'::regclass)`,
  },
  {
    title: "database",
    query: `select to_jsonb(d) - array['oid', 'datname', 'datdba', 'datfrozenxid', 'datminmxid', 'dattablespace', 'datlastsysoid', 'datacl'] as properties,
      datdba::regrole::text as owner, ${grants("datacl", "'d'", "datdba")} as grants, shobj_description(oid, 'pg_database') as comment
      from pg_database d where datname = current_database()`,
  },
  {
    title: "setting",
    query: `select case setrole when 0 then null else setrole::regrole::text end as role, unnest(setconfig) as setting
      from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())`,
  },
  {
    title: "extension",
    query: `select extname, extversion, extnamespace::regnamespace::text as schema, extowner::regrole::text as owner,
      (select array_agg(pg_describe_object(classid, objid, objsubid) order by pg_describe_object(classid, objid, objsubid) collate "C")
        from pg_depend where refclassid = 'pg_extension'::regclass and refobjid = e.oid and deptype = 'e') as members
      from pg_extension e`,
  },
  {
    title: "large object",
    query: `select oid, lomowner::regrole::text as owner, ${grants("lomacl", "'L'", "lomowner")} as grants,
      obj_description(oid, 'pg_largeobject') as comment, length(lo_get(oid)) as bytes, md5(lo_get(oid)) as digest from pg_largeobject_metadata`,
  },
  {
    title: "role",
    query: `with named as (
        select refobjid as oid from pg_shdepend where refclassid = 'pg_authid'::regclass
          and dbid = (select oid from pg_database where datname = current_database())
        union select setrole from pg_db_role_setting where setrole <> 0 and setdatabase = (select oid from pg_database where datname = current_database()))
      select rolname, (select array_agg(m.roleid::regrole::text || case when m.admin_option then ' with admin option' else '' end
          || coalesce(' inherit ' || (to_jsonb(m) ->> 'inherit_option') || ' set ' || (to_jsonb(m) ->> 'set_option'), '') order by m.roleid::regrole::text)
        from pg_auth_members m where m.member = r.oid) as member_of from pg_roles r join named using (oid)`,
  },
];

/** What lies in schemas, asked of a server of this release. */
export function schemaParts(schemas: Schemas, versionNum: number): readonly Part[] {
  const scope = (column: string): string => inScope(column, schemas);
  return [
    {
      title: "schema",
      query: `select nspname, nspowner::regrole::text as owner, ${grants("nspacl", "'n'", "nspowner")} as grants from pg_namespace where ${scope("nspname")}`,
    },
    {
      title: "relation",
      query: `select nspname, relname, relkind, relpersistence, relispopulated, relrowsecurity, relforcerowsecurity, relreplident, reloptions,
        relowner::regrole::text as owner, ${grants("relacl", "case when relkind = 'S' then 's' else 'r' end", "relowner")} as grants,
        pg_get_partkeydef(c.oid) as partitioned_by, pg_get_expr(relpartbound, c.oid) as bound,
        (select array_agg(inhparent::regclass::text order by inhseqno) from pg_inherits where inhrelid = c.oid) as parents
        from pg_class c join pg_namespace n on n.oid = relnamespace where relkind not in ('i', 'I', 'c') and ${scope("nspname")}`,
    },
    {
      title: "column",
      query: `select nspname, relname, attname, format_type(atttypid, atttypmod) as type, attnotnull, attidentity, attgenerated, attstorage, to_jsonb(a) ->> 'attcompression' as compression,
        attstattarget, nullif(array(select o from unnest(attoptions) o where o !~ '^pg_attver='), '{}') as attoptions, attfdwoptions, case when attcollation <> 0 then attcollation::regcollation::text end as collation, attacl is not null as granted,
        (select array_agg(format('%s: %s', case grantee when 0 then 'public' else grantee::regrole::text end, privilege_type) order by grantee::regrole::text, privilege_type) from aclexplode(attacl)) as grants
        from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
        where attnum > 0 and not attisdropped and relkind <> 'i' and relkind <> 'I' and ${scope("nspname")}`,
    },
    {
      title: "index",
      query: `select nspname, c.relname, indrelid::regclass::text as of,
          indisvalid or exists (select from pg_partition_tree(indrelid) t join pg_class f on f.oid = t.relid where f.relkind = 'f') as valid, indisready, indisclustered, indisreplident, indisunique, indimmediate
        from pg_index i join pg_class c on c.oid = indexrelid join pg_namespace n on n.oid = relnamespace where ${scope("nspname")}`,
    },
    {
      title: "constraint",
      query: `select nspname, conname, conrelid::regclass::text as of, contype, convalidated, condeferrable, condeferred, case contype when 'c' then connoinherit end as no_inherit
        from pg_constraint join pg_namespace n on n.oid = connamespace where ${scope("nspname")}`,
    },
    {
      title: "trigger",
      query: `select nspname, tgname, tgrelid::regclass::text as of, tgenabled, tgdeferrable, tginitdeferred
        from pg_trigger join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace where not tgisinternal and ${scope("nspname")}`,
    },
    {
      title: "function",
      query: `select p.oid::regprocedure::text as signature, prokind, prosecdef, proleakproof, proisstrict, provolatile, proparallel, proconfig, procost, prorows,
        md5(prosrc) as source, proowner::regrole::text as owner, ${grants("proacl", "'f'", "proowner")} as grants
        from pg_proc p join pg_namespace n on n.oid = pronamespace where ${scope("nspname")}`,
    },
    {
      title: "type",
      query: `select t.oid::regtype::text as name, typtype, typnotnull, typdefault, typowner::regrole::text as owner, ${grants("typacl", "'T'", "typowner")} as grants,
        (select array_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid) as labels
        from pg_type t join pg_namespace n on n.oid = typnamespace where ${scope("nspname")}`,
    },
    {
      title: "object",
      query: objects(scope("coalesce(o.schema, 'pg_none')"), schemas.wanted === null, versionNum),
    },
  ];
}

/** The identity of everything that somebody made, by the server's own words for it. */
function objects(scope: string, whole: boolean, versionNum: number): string {
  const inSchemas = [
    "pg_operator",
    "pg_opclass",
    "pg_opfamily",
    "pg_collation",
    "pg_conversion",
    "pg_statistic_ext",
  ];
  const search = ["pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template"];
  const anywhere = [
    "pg_cast",
    "pg_language",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_user_mapping",
  ];
  const more = [
    "pg_event_trigger",
    "pg_publication",
    "pg_publication_rel",
    ...(versionNum >= 150_000 ? ["pg_publication_namespace"] : []),
    "pg_default_acl",
  ];
  const dependent = ["pg_rewrite", "pg_policy", "pg_attrdef", "pg_transform", "pg_am"];
  const all = [...inSchemas, ...search, ...(whole ? [...anywhere, ...more, ...dependent] : [])];
  const each = all.map(
    (catalog) => `select '${catalog}'::regclass as classid, oid from ${catalog} where oid >= 16384`,
  );
  // A pg_-named schema is never in scope, which is how things without a schema are told apart.
  const wanted = whole ? `(o.schema is null or ${scope})` : scope;
  return `select o.type, o.identity from (${each.join(" union all ")}) e, pg_identify_object(e.classid, e.oid, 0) o where ${wanted}`;
}
