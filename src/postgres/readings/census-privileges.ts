import type { CensusContext } from "./census-context.ts";
import { notMember } from "./scope.ts";

/** Who owns what, and who may do what: one entry per object, privileges only where they are not the default ones. */
export function privilegeQueries({ scope, versionNum }: CensusContext): readonly string[] {
  const inSchemas = schemaObjects(versionNum);
  const all = scope.kind === "database" ? [...inSchemas, ...databaseObjects] : inSchemas;
  return [...all.flatMap((one) => [owner(one), privileges(one)]), columnPrivileges, defaultPrivileges];
}

interface Owned {
  readonly catalog: string;
  /** A query of oid, identity, owner, acl (null where the kind has none), letter (of acldefault). */
  readonly rows: string;
  readonly keepsPrivileges: boolean;
}

/**
 * Before 15 the schema public belongs to the bootstrap superuser, whatever its name, and its privileges
 * are granted by it; there it is left out unless somebody else owns it. Constructors of range types belong
 * to who ran the statement that made the type.
 */
function schemaObjects(versionNum: number): readonly Owned[] {
  const publicSchema = versionNum >= 150_000 ? "true" : "s.nspname <> 'public' or s.nspowner <> 10";
  return [
    own(
      "pg_namespace",
      `select s.oid, 'schema ' || quote_ident(s.nspname), s.nspowner, s.nspacl, 'n' from space s where ${publicSchema}`,
    ),
    own(
      "pg_class",
      `select r.oid, r.identity, r.relowner, r.relacl, case r.relkind when 'S' then 's' else 'r' end
         from relation r where r.relkind in ('r', 'p', 'v', 'm', 'f', 'S')`,
    ),
    own(
      "pg_proc",
      `select p.oid, 'function ' || p.oid::regprocedure::text, p.proowner, p.proacl, 'f'
                      from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
                     where not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
                                          and d.deptype = 'i' and d.refclassid = 'pg_catalog.pg_type'::regclass)`,
    ),
    own(
      "pg_type",
      `select t.oid, 'type ' || format('%I.%I', s.nspname, t.typname), t.typowner, t.typacl, 'T'
                      from pg_catalog.pg_type t join space s on s.oid = t.typnamespace
                     where t.typtype <> 'm'
                       and (t.typrelid = 0 or exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
                       and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)`,
    ),
    ...[
      ["pg_operator", "opr", "operator"],
      ["pg_opclass", "opc", "operator class"],
      ["pg_opfamily", "opf", "operator family"],
      ["pg_conversion", "con", "conversion"],
      ["pg_collation", "coll", "collation"],
      ["pg_ts_dict", "dict", "text search dictionary"],
      ["pg_ts_config", "cfg", "text search configuration"],
      ["pg_statistic_ext", "stx", "statistics"],
    ].map(([catalog = "", prefix = "", word = ""]) => named(catalog, prefix, word)),
  ];
}

function own(catalog: string, rows: string): Owned {
  return { catalog, rows, keepsPrivileges: true };
}

function withoutPrivileges(catalog: string, rows: string): Owned {
  return { catalog, rows, keepsPrivileges: false };
}

/** Kinds that have an owner but no privileges; operators of one name are told apart by their oid's text. */
function named(catalog: string, prefix: string, word: string): Owned {
  const text =
    catalog === "pg_operator" ? "o.oid::regoperator::text" : `format('%I.%I', s.nspname, o.${prefix}name)`;
  const only = restrictions[catalog] ?? "";
  return withoutPrivileges(
    catalog,
    `select o.oid, '${word} ' || ${text}, o.${prefix}owner, null::aclitem[], null
       from pg_catalog.${catalog} o join space s on s.oid = o.${prefix}namespace ${only}`,
  );
}

/** Without operators that are a name alone, and statistics on a table of an extension, of which no dump tells. */
const restrictions: Readonly<Record<string, string>> = {
  pg_operator: "where o.oprcode <> 0",
  pg_statistic_ext:
    "where not exists (select from member m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = o.stxrelid)",
};

const databaseObjects: readonly Owned[] = [
  own(
    "pg_foreign_server",
    "select s.oid, 'server ' || quote_ident(s.srvname), s.srvowner, s.srvacl, 'S' from pg_catalog.pg_foreign_server s",
  ),
  {
    catalog: "pg_foreign_data_wrapper",
    rows: "select w.oid, 'foreign data wrapper ' || quote_ident(w.fdwname), w.fdwowner, w.fdwacl, 'F' from pg_catalog.pg_foreign_data_wrapper w",
    keepsPrivileges: true,
  },
  {
    catalog: "pg_language",
    rows: "select l.oid, 'language ' || quote_ident(l.lanname), l.lanowner, l.lanacl, 'l' from pg_catalog.pg_language l where l.oid >= 16384",
    keepsPrivileges: true,
  },
  withoutPrivileges(
    "pg_event_trigger",
    "select e.oid, 'event trigger ' || quote_ident(e.evtname), e.evtowner, null::aclitem[], null from pg_catalog.pg_event_trigger e",
  ),
  withoutPrivileges(
    "pg_publication",
    "select p.oid, 'publication ' || quote_ident(p.pubname), p.pubowner, null::aclitem[], null from pg_catalog.pg_publication p",
  ),
];

function bareOf(one: Owned): string {
  return `
    select o.* from (${one.rows}) o(oid, identity, owner, acl, letter)
     where ${notMember(one.catalog, "o")}`;
}

function owner(one: Owned): string {
  return `select 'owner', '${one.catalog}', o.oid, concat_ws(' ', o.identity, pg_catalog.pg_get_userbyid(o.owner)), false
            from (${bareOf(one)}) o`;
}

function privileges(one: Owned): string {
  return `
    select 'privileges', '${one.catalog}', g.oid, g.identity || ': ' || g.held, false
      from (select o.oid, o.identity, ${spelt("o.acl")} as held, ${spelt('acldefault(o.letter::"char", o.owner)')} as usual
              from (${bareOf(one)}) o where o.acl is not null and ${String(one.keepsPrivileges)}) g
     where g.held <> g.usual`;
}

/** Privileges in an order of their own: `grantee:privilege(*)/grantor`. */
function spelt(acl: string): string {
  return `coalesce((select string_agg(item, ', ' order by item collate "C") from (
    select concat(case x.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) end, ':', x.privilege_type,
                  case when x.is_grantable then '*' end, '/', quote_ident(pg_catalog.pg_get_userbyid(x.grantor))) as item
      from pg_catalog.aclexplode(${acl}) x) items), '')`;
}

const columnPrivileges = `
  select 'privileges', 'pg_class', r.oid, concat(r.identity, '.', quote_ident(a.attname), ': ', ${spelt("a.attacl")}), false
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid
   where a.attacl is not null and not a.attisdropped and cardinality(a.attacl) > 0`;

const defaultPrivileges = `
  select 'default privileges', 'pg_default_acl', d.oid,
         concat_ws(' ', quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)), 'in', n.nspname, d.defaclobjtype, ${spelt("d.defaclacl")}), true
    from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
   where $1::text[] is null or n.nspname = any ($1)`;
