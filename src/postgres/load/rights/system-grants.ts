/**
 * Grants on what initdb or an extension made, on a target that others share. A source's superuser may have let the tenant's
 * roles read files, passwords or the work of others by them. What is given is told by what it does to the catalogs and not
 * by the words of an archive, and by a list of what cannot reach beyond the database: lists of what can are never whole.
 */
import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { LoadContext } from "../context.ts";

/** A privilege of somebody's on such an object. */
interface Held {
  /** One text for each; what was there before is known by it. */
  readonly key: string;
  /** `function pg_catalog.pg_read_file(text)`, as GRANT takes it. */
  readonly on: string;
  /** As GRANT takes it, of a column with its name. */
  readonly privilege: string;
  readonly grantor: string;
  /** Null for everybody. */
  readonly grantee: string | null;
  readonly isByOwner: boolean;
  readonly isHarmless: boolean;
  readonly schema: string;
  readonly name: string;
  readonly part: string;
  readonly item: string;
}

export type HeldBefore = ReadonlySet<string>;

export async function heldOnSystem(admin: Session): Promise<HeldBefore> {
  return new Set((await read(admin)).map(({ key }) => key));
}

/**
 * Takes back what was given since, but for what cannot reach beyond the database, and notes each. In the transaction that
 * gave it, so that nobody ever has it.
 */
export async function takeBackOnSystem(
  { admin, ledger }: Pick<LoadContext, "admin" | "ledger">,
  before: HeldBefore,
): Promise<void> {
  const excess = async (): Promise<readonly Held[]> =>
    (await read(admin)).filter(({ key, isHarmless }) => !isHarmless && !before.has(key));
  const found = await excess();
  for (const one of found.filter(({ isByOwner }) => isByOwner)) await admin.query(revocation(one));
  // What somebody gave on has gone with his own right to give it, unless he had that before; what he gave may have gone on.
  let left = found.length === 0 ? [] : await excess();
  for (let rounds = left.length; rounds > 0 && left[0] !== undefined; rounds -= 1) {
    await admin.query(revocation(left[0]));
    left = await excess();
  }
  for (const { on, privilege, grantee } of left) {
    const message = `${privilege} is still held by ${grantee ?? "public"}, on a target that others share`;
    ledger.problem(on, { sqlState: undefined, message, kind: "machine" });
  }
  const kept = new Set(left.map(({ key }) => key));
  for (const one of found.filter(({ key }) => !kept.has(key))) {
    const { schema, name, part, item } = one;
    const words = `${one.privilege} on ${one.on} to ${one.grantee ?? "public"}`;
    ledger.withhold({ kind: "grant", schema, name, part, item }, words);
  }
}

function revocation({ privilege, on, grantor, grantee, isByOwner }: Held): string {
  const from = grantee === null ? "public" : quoteIdent(grantee);
  const statement = `revoke ${privilege} on ${on} from ${from} cascade`;
  if (isByOwner) return statement;
  return `set session authorization ${quoteIdent(grantor)}; ${statement}; reset session authorization`;
}

async function read(admin: Session): Promise<readonly Held[]> {
  return admin.query<Held>(heldQuery);
}

/**
 * `pg_statistic` is none of these, although each database has its own: it holds samples of the catalogs that all share, the
 * passwords of logins among them.
 */
const tablesOfDatabase = ["pg_largeobject", "pg_statistic_ext_data", "pg_user_mapping"];
const functionsOfDatabase = ["pg_stat_reset()", "pg_stat_reset_single_function_counters(oid)"];
/** They look for damage in tables and indexes, and tell of nothing that is in them. */
const harmlessExtensions = ["amcheck"];
/** Their own code asks of everybody but a superuser for what keeps him within his rights. */
const carefulWrappers = ["dblink", "file_fdw", "postgres_fdw"];

const listed = (some: readonly string[]): string => some.map((one) => `'${one}'`).join(", ");

/**
 * Harmless is what everybody could do when the thing was made and what a list names; of an extension also functions that
 * anybody could write himself, and its tables: to be read, and to be written where no function of it acts on them as its owner.
 */
const heldQuery = `
  with thing(class, oid, sub, letter, kind, space, name, part, ident, owner, acl) as (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0, 'f', case p.prokind when 'p' then 'procedure' else 'function' end,
           p.pronamespace, p.proname::text, pg_catalog.pg_get_function_identity_arguments(p.oid),
           format('%I(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)), p.proowner, p.proacl
      from pg_catalog.pg_proc p where p.proacl is not null
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, 0, case r.relkind when 'S' then 's' else 'r' end,
           case r.relkind when 'S' then 'sequence' else 'table' end, r.relnamespace, r.relname, '', quote_ident(r.relname), r.relowner, r.relacl
      from pg_catalog.pg_class r where r.relacl is not null
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, a.attnum, 'c', 'table', r.relnamespace, r.relname, a.attname, quote_ident(r.relname),
           r.relowner, a.attacl
      from pg_catalog.pg_attribute a join pg_catalog.pg_class r on r.oid = a.attrelid where a.attacl is not null and not a.attisdropped
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0, 'T', 'type', t.typnamespace, t.typname, '', quote_ident(t.typname), t.typowner, t.typacl
      from pg_catalog.pg_type t where t.typacl is not null
    union all
    select 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, 0, 'n', 'schema', n.oid, n.nspname, '', quote_ident(n.nspname), n.nspowner, n.nspacl
      from pg_catalog.pg_namespace n where n.nspacl is not null and n.nspname <> 'public'
    union all
    select 'pg_catalog.pg_language'::pg_catalog.regclass, l.oid, 0, 'l', 'language', 0, l.lanname, '', quote_ident(l.lanname), l.lanowner, l.lanacl
      from pg_catalog.pg_language l where l.lanacl is not null
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid, 0, 'F', 'foreign data wrapper', 0, w.fdwname, '', quote_ident(w.fdwname),
           w.fdwowner, w.fdwacl
      from pg_catalog.pg_foreign_data_wrapper w where w.fdwacl is not null
    union all
    select 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, f.oid, 0, 'S', 'foreign server', 0, f.srvname, '', quote_ident(f.srvname), f.srvowner, f.srvacl
      from pg_catalog.pg_foreign_server f where f.srvacl is not null),
  known as (
    select t.*, e.oid as extension, e.extname::text as made_by, n.nspname::text as schema,
           coalesce(i.initprivs, pg_catalog.acldefault(t.letter::"char", t.owner)) as first,
           coalesce(w.initprivs, pg_catalog.acldefault('r', t.owner)) as first_of_table
      from thing t
      left join pg_catalog.pg_depend d on d.classid = t.class and d.objid = t.oid and d.objsubid = 0 and d.deptype = 'e'
       and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
      left join pg_catalog.pg_extension e on e.oid = d.refobjid
      left join pg_catalog.pg_namespace n on n.oid = t.space
      left join pg_catalog.pg_init_privs i on i.classoid = t.class and i.objoid = t.oid and i.objsubid = t.sub
      left join pg_catalog.pg_init_privs w on w.classoid = t.class and w.objoid = t.oid and w.objsubid = 0
     where e.oid is not null or t.oid < 16384)
  select concat_ws('/', k.class::oid, k.oid, k.sub, x.grantor, x.grantee, x.privilege_type, x.is_grantable) as key,
         concat_ws(' ', k.kind, case when k.schema is null or k.kind = 'schema' then k.ident else quote_ident(k.schema) || '.' || k.ident end) as "on",
         concat(x.privilege_type, case when k.sub > 0 then format(' (%I)', k.part) end) as privilege,
         pg_catalog.pg_get_userbyid(x.grantor)::text as grantor,
         case when x.grantee <> 0 then pg_catalog.pg_get_userbyid(x.grantee)::text end as grantee,
         x.grantor = k.owner as "isByOwner",
         coalesce(k.schema, '') as schema, k.name, k.part,
         concat(case x.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) end,
                ':', x.privilege_type, case when x.is_grantable then '*' end) as item,
         x.grantee = k.owner
         or exists (select from pg_catalog.aclexplode(k.first) u where u.grantee = 0 and u.privilege_type = x.privilege_type)
         or k.sub > 0 and exists (select from pg_catalog.aclexplode(k.first_of_table) u where u.grantee = 0 and u.privilege_type = x.privilege_type)
         or k.kind = 'table' and k.oid < 16384 and k.schema = 'pg_catalog' and k.name in (${listed(tablesOfDatabase)}) and x.privilege_type = 'SELECT'
         or k.letter = 'f' and k.oid < 16384 and k.schema = 'pg_catalog' and k.ident in (${listed(functionsOfDatabase)})
         or k.letter = 'f' and k.made_by in (${listed(harmlessExtensions)})
         or k.letter = 'F' and k.made_by in (${listed(carefulWrappers)})
         or k.letter = 'f' and k.extension is not null and exists (
              select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
               where p.oid = k.oid and not p.prosecdef and (l.lanname = 'sql' or l.lanpltrusted and l.lanispl))
         or k.letter in ('r', 's', 'c') and k.extension is not null
            and exists (select from pg_catalog.pg_class r where r.oid = k.oid and r.relkind in ('r', 'p', 'S'))
            and (x.privilege_type = 'SELECT' or not exists (
                  select from pg_catalog.pg_proc p
                    join pg_catalog.pg_depend m on m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and m.objid = p.oid and m.deptype = 'e'
                   where m.refobjid = k.extension and p.prosecdef)) as "isHarmless"
    from known k cross join lateral pg_catalog.aclexplode(k.acl) x`;
