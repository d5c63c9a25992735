/**
 * What the server says each view, default, check, policy, expression… is, in its own words: everything that
 * an archive spells and the identities of the census leave out. Text is no fixed point (trap 14): the server
 * may spell a definition otherwise once it went through an archive, so these are compared by
 * `compareDefinitions`, which knows how to tell.
 */
import { Failure } from "../../base/failure.ts";
import type { Definition, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import type { CensusContext } from "./census-context.ts";
import { notMember, schemasOf, scopeTables } from "./scope.ts";

/** Every definition of the scope; one query for all kinds. Needs `search_path` to be empty, so that names are whole. */
export async function readDefinitions(session: Session, scope: Scope): Promise<Definition[]> {
  const statement = definitionsStatement({ scope, versionNum: session.versionNum });
  const rows = await session.query<DefinitionRow>(statement, [schemasOf(scope)]);
  return rows.map(({ inherited, text, ...one }) => {
    if (text === null) throw vanished(session, one);
    return inherited ? { ...one, text, inherited } : { ...one, text };
  });
}

/** The same for every scope of one kind, and for all minor releases of a server. */
export function definitionsStatement({ scope, versionNum }: CensusContext): string {
  const parts = [
    ...always,
    undumpedComments,
    ...(versionNum >= 140_000 ? from14 : []),
    ...(versionNum < 150_000 ? publicSchema : []),
    ...(scope.kind === "database"
      ? [givenPrivileges, extensionComments, publishedMembers(versionNum >= 150_000)]
      : []),
    ...(versionNum >= 150_000 && scope.kind === "database" ? [publicationFilters] : []),
  ];
  return `with ${scopeTables},
     definition(kind, schema, name, part, text, inherited) as (${parts.map((part) => `(${part})`).join(" union all ")})
     select kind, schema::text as schema, name::text as name, part::text as part, text, inherited
       from definition
      order by kind, schema collate "C", name collate "C", part collate "C"`;
}

interface DefinitionRow extends Omit<Definition, "text" | "inherited"> {
  /** null where the server no longer knows what the snapshot still shows. */
  readonly text: string | null;
  readonly inherited: boolean;
}

/** Functions, triggers and statistics are told of as they are now, not as in the snapshot, and can go meanwhile. */
function vanished({ side }: Session, { kind, schema, name, part }: Omit<Definition, "text">): Failure {
  const code = side === "source" ? "source/changed" : "load/failed";
  return new Failure(code, `the ${kind} of ${schema}.${name} ${part} went while it was read`);
}

/** Whether a column's expression, or a check, need not be in the archive beside the relation itself. */
const isHeir = "exists (select from pg_catalog.pg_inherits h where h.inhrelid = r.oid)";

const always: readonly string[] = [
  `select 'view', r.nspname, r.relname, '', pg_catalog.pg_get_viewdef(r.oid), false
     from relation r where r.relkind in ('v', 'm')`,
  `select case a.attgenerated when '' then 'default' else 'generated' end, r.nspname, r.relname, a.attname,
          pg_catalog.pg_get_expr(d.adbin, d.adrelid), ${isHeir}
     from pg_catalog.pg_attrdef d join relation r on r.oid = d.adrelid
     join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum`,
  // Of a foreign key the census tells everything but which columns it sets; what partitions derive has names by chance.
  `select 'constraint', r.nspname, r.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid), ${isHeir}
     from pg_catalog.pg_constraint c join relation r on r.oid = c.conrelid
    where c.contype in ('c', 'x') 
       or (c.contype = 'f' and c.conparentid = 0 and pg_catalog.to_jsonb(c) ->> 'confdelsetcols' is not null)`,
  `select 'constraint', s.nspname, t.typname, c.conname, pg_catalog.pg_get_constraintdef(c.oid), false
     from pg_catalog.pg_constraint c join pg_catalog.pg_type t on t.oid = c.contypid join space s on s.oid = t.typnamespace
    where c.contype = 'c' and ${notMember("pg_type", "t")}`,
  `select 'domain default', s.nspname, t.typname, '',
          coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::pg_catalog.regclass), t.typdefault), false
     from pg_catalog.pg_type t join space s on s.oid = t.typnamespace
    where t.typtype = 'd' and t.typdefault is not null and ${notMember("pg_type", "t")}`,
  // Those of an exclusion constraint are told with it, and those of partitions come with their parent's.
  `select 'index', r.nspname, c.relname, '', pg_catalog.pg_get_indexdef(c.oid), c.relispartition
     from pg_catalog.pg_index i join relation r on r.oid = i.indrelid join pg_catalog.pg_class c on c.oid = i.indexrelid
    where (i.indexprs is not null or i.indpred is not null) and (i.indisvalid or c.relkind = 'I') and not i.indisexclusion`,
  `select 'trigger', r.nspname, r.relname, t.tgname, pg_catalog.pg_get_triggerdef(t.oid), false
     from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid
    where t.tgqual is not null and not t.tgisinternal and t.tgparentid = 0`,
  `select 'rule', r.nspname, r.relname, w.rulename, pg_catalog.pg_get_ruledef(w.oid), false
     from pg_catalog.pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'`,
  `select 'policy', r.nspname, r.relname, p.polname, pg_catalog.pg_get_expr(p.polqual, p.polrelid), false
     from pg_catalog.pg_policy p join relation r on r.oid = p.polrelid where p.polqual is not null`,
  `select 'policy check', r.nspname, r.relname, p.polname, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), false
     from pg_catalog.pg_policy p join relation r on r.oid = p.polrelid where p.polwithcheck is not null`,
  `select 'arguments', s.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
          pg_catalog.pg_get_function_arguments(p.oid), false
     from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
    where p.pronargdefaults > 0 and ${notMember("pg_proc", "p")}`,
  // Whoever inserts by position relies on it; only where columns are inherited may a restore put them otherwise.
  `select 'order of columns', r.nspname, r.relname, '',
          string_agg(quote_ident(a.attname), ', ' order by a.attnum), false
     from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and (r.relispartition or not ${isHeir})
    group by r.oid, r.nspname, r.relname`,
  `select 'partition key', r.nspname, r.relname, '', pg_catalog.pg_get_partkeydef(r.oid), false
     from relation r where r.relkind = 'p'`,
];

const from14: readonly string[] = [
  `select 'body', s.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
          pg_catalog.pg_get_function_sqlbody(p.oid), false
     from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
    where p.prosqlbody is not null and ${notMember("pg_proc", "p")}`,
  `select 'statistics', s.nspname, e.stxname, '', pg_catalog.pg_get_statisticsobjdef(e.oid), false
     from pg_catalog.pg_statistic_ext e join space s on s.oid = e.stxnamespace
    where e.stxexprs is not null
      and not exists (select from member m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = e.stxrelid)`,
];

/** What pg_dump before 15 does not tell of it; its part is `owner` or `comment`, whose text is empty where there is none. */
export const schemaPublic = "schema public";

const publicSchema: readonly string[] = [
  `select '${schemaPublic}', '', 'public', 'owner', pg_catalog.pg_get_userbyid(s.nspowner), false
     from space s where s.nspname = 'public' and s.nspowner <> 10`,
  `select '${schemaPublic}', '', 'public', 'comment', coalesce(pg_catalog.obj_description(s.oid, 'pg_namespace'), ''), false
     from space s
    where s.nspname = 'public'
      and pg_catalog.obj_description(s.oid, 'pg_namespace') is distinct from 'standard public schema'`,
];

/** Its part is `type`, `array` (of what it names) or `rule` (that the view is). */
export const commentInNoDump = "comment in no dump";

const undumpedComments = `
  select '${commentInNoDump}', s.nspname, coalesce(e.typname, t.typname), case when e.oid is null then 'type' else 'array' end,
         d.description, false
    from pg_catalog.pg_description d
    join pg_catalog.pg_type t on t.oid = d.objoid and d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass
    left join pg_catalog.pg_type e on e.typarray = t.oid
    join space s on s.oid = coalesce(e.typnamespace, t.typnamespace)
   where t.oid >= 16384 and ${notMember("pg_type", "t")}
     and (e.oid is not null or t.typtype = 'm'
          or exists (select from pg_catalog.pg_class r where r.oid = t.typrelid and r.relkind <> 'c'))
  union all
  select '${commentInNoDump}', r.nspname, r.relname, 'rule', d.description, false
    from pg_catalog.pg_description d
    join pg_catalog.pg_rewrite w on w.oid = d.objoid and d.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    join relation r on r.oid = w.ev_class
   where w.rulename = '_RETURN'`;

export const commentOnExtension = "comment on extension";

const extensionComments = `
  select '${commentOnExtension}', '', e.extname, '', pg_catalog.obj_description(e.oid, 'pg_extension'), false
    from pg_catalog.pg_extension e
   where e.oid >= 16384 and pg_catalog.obj_description(e.oid, 'pg_extension') is not null`;

/** The kinds of these begin so; the name of the extension follows. */
export const privilegesInExtension = "privileges in extension ";

/** Of what initdb made in pg_catalog, which pg_dump tells where it was altered. */
export const privilegesInSystem = "privileges in the system";

/** Of information_schema, the server's own languages and row types of tables, of which no dump tells; see `readOmitted`. */
export const privilegesInNoDump = "privileges in no dump";

/** Of whoever made it what is held by right of that is left out; one that it was given to since got its privileges. */
const grantedNow = granted("o.acl", "x.grantee <> o.owner or o.owner <> o.maker");
const grantedFirst = granted("o.usual", "x.grantee <> x.grantor");

/**
 * What was granted and revoked on what an extension or initdb made, beyond what its script did. Who owns those is
 * whoever made them, on the source and here, so that neither owners nor grantors are told. What has privileges is
 * read once; left to the planner it was read anew for each member of an extension. Nearly all of it is as it was
 * made, which is seen before anything is taken apart. A column whose last privilege was taken away has none at all,
 * as if nothing had ever been granted.
 */
const givenPrivileges = `
  with granted_on(catalog, oid, sub, space, name, part, owner, acl, letter) as materialized (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0, p.pronamespace, p.proname,
           pg_catalog.pg_get_function_identity_arguments(p.oid), p.proowner, p.proacl, 'f'
      from pg_catalog.pg_proc p where p.proacl is not null
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, 0, r.relnamespace, r.relname, '', r.relowner, r.relacl,
           case r.relkind when 'S' then 's' else 'r' end
      from pg_catalog.pg_class r where r.relacl is not null
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, a.attnum, r.relnamespace, r.relname, a.attname, r.relowner,
           coalesce(a.attacl, pg_catalog.acldefault('c', r.relowner)), 'c'
      from pg_catalog.pg_attribute a join pg_catalog.pg_class r on r.oid = a.attrelid
     where not a.attisdropped and (a.attacl is not null or (a.attrelid, a.attnum) in (
           select i.objoid, i.objsubid from pg_catalog.pg_init_privs i where i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.objsubid > 0))
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0, t.typnamespace, t.typname, '', t.typowner, t.typacl, 'T'
      from pg_catalog.pg_type t where t.typacl is not null
    union all
    select 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, 0, n.oid, n.nspname, '', n.nspowner, n.nspacl, 'n'
      from pg_catalog.pg_namespace n where n.nspacl is not null and n.nspname <> 'public'
    union all
    select 'pg_catalog.pg_language'::pg_catalog.regclass, l.oid, 0, 0, l.lanname, '', l.lanowner, l.lanacl, 'l'
      from pg_catalog.pg_language l where l.lanacl is not null
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid, 0, 0, w.fdwname, '', w.fdwowner, w.fdwacl, 'F'
      from pg_catalog.pg_foreign_data_wrapper w where w.fdwacl is not null
    union all
    select 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, f.oid, 0, 0, f.srvname, '', f.srvowner, f.srvacl, 'S'
      from pg_catalog.pg_foreign_server f where f.srvacl is not null)
  select g.kind, g.nspname, g.name, g.part, g.delta, false from (
  select coalesce('${privilegesInExtension}' || o.extname,
           case o.nspname when 'pg_catalog' then '${privilegesInSystem}' else '${privilegesInNoDump}' end) as kind, coalesce(o.nspname, '') as nspname, o.name, o.part,
         (select string_agg(item, ', ' order by item collate "C") from (
            (select '+' || item as item from (${grantedNow} except ${grantedFirst}) more)
            union all (select '-' || item from (${grantedFirst} except ${grantedNow}) less)) items) as delta
    from (
      select e.extname, n.nspname, c.name, c.part, c.owner, c.acl,
             coalesce(i.initprivs, pg_catalog.acldefault(c.letter::"char", c.owner)
               || case when n.nspname = 'information_schema' and c.oid < 16384 and c.part = '' and c.name !~ '^_pg_'
                       then case c.letter when 'n' then array[pg_catalog.makeaclitem(0, c.owner, 'USAGE', false)]
                                 when 'r' then array[pg_catalog.makeaclitem(0, c.owner, 'SELECT', false)] end end) as usual,
             coalesce((select x.grantor from pg_catalog.aclexplode(i.initprivs) x limit 1), c.owner) as maker
        from granted_on c
        left join pg_catalog.pg_depend d on d.classid = c.catalog and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e'
         and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        left join pg_catalog.pg_extension e on e.oid = d.refobjid
        left join pg_catalog.pg_namespace n on n.oid = c.space
        left join pg_catalog.pg_init_privs i on i.classoid = c.catalog and i.objoid = c.oid and i.objsubid = c.sub
       where e.oid is not null or (c.oid < 16384 and (c.space = 0 or n.nspname in ('pg_catalog', 'information_schema')))
          or (c.letter = 'T' and exists (select from relation r where r.reltype = c.oid and r.relkind <> 'c'))) o
   where o.acl <> o.usual) g
   where g.delta is not null`;

function granted(acl: string, condition: string): string {
  return `select concat(case x.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) end,
                        ':', x.privilege_type, case when x.is_grantable then '*' end) as item
            from pg_catalog.aclexplode(${acl}) x where ${condition}`;
}

const publicationFilters = `
  select 'publication filter', r.nspname, p.pubname, r.relname, pg_catalog.pg_get_expr(f.prqual, f.prrelid), false
    from pg_catalog.pg_publication_rel f join relation r on r.oid = f.prrelid
    join pg_catalog.pg_publication p on p.oid = f.prpubid where f.prqual is not null`;

/** Its name is the publication, its part the table, or empty for all of a schema; its text the columns, as a JSON array. */
export const publishedInNoDump = "published in no dump";

/** pg_dump leaves a publication without the tables and schemas that extensions made. One with a filter is not told here. */
function publishedMembers(hasColumns: boolean): string {
  const [columns, filtered] = hasColumns
    ? ["r.prattrs", "r.prqual is not null"]
    : ["null::pg_catalog.int2vector", "false"];
  const tables = `
  select '${publishedInNoDump}', n.nspname, p.pubname, c.relname,
         coalesce((select pg_catalog.jsonb_agg(a.attname order by a.attnum)::text
                     from unnest(${columns}) k join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k), ''), false
    from pg_catalog.pg_publication_rel r
    join pg_catalog.pg_publication p on p.oid = r.prpubid
    join pg_catalog.pg_class c on c.oid = r.prrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where not ${notMember("pg_class", "c")} and not (${filtered})`;
  const schemas = `
  select '${publishedInNoDump}', n.nspname, p.pubname, '', '', false
    from pg_catalog.pg_publication_namespace s
    join pg_catalog.pg_publication p on p.oid = s.pnpubid
    join pg_catalog.pg_namespace n on n.oid = s.pnnspid
   where not ${notMember("pg_namespace", "n")}`;
  return hasColumns ? `${tables} union all ${schemas}` : tables;
}
