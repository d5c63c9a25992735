import type { Session } from "../../session/session.ts";
import type { CodeBehind } from "./admin-may.ts";
import type { LoadContext } from "../context.ts";

interface Row {
  readonly languages: string[];
  readonly mighty: string[];
  readonly settings: string[];
  readonly wrappersInC: boolean;
  readonly extensionTables: string[];
  readonly keptSchemas: string[];
}

/** Those that extensions made; `usual` where none has a function that runs as its owner. */
export const schemasOfExtensions = `
  select n.nspname::text as name,
         not exists (select from pg_catalog.pg_proc p
                       join pg_catalog.pg_depend m on m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        and m.objid = p.oid and m.deptype = 'e'
                      where p.prosecdef) as usual
    from pg_catalog.pg_namespace n
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid
     and d.deptype = 'e'`;

/** Asked for once, and again after a language or a wrapper was made. */
export async function codeBehindOf({
  admin,
  standardStrings,
  codeBehind,
}: Pick<LoadContext, "admin" | "standardStrings" | "codeBehind">): Promise<CodeBehind> {
  codeBehind.known ??= await readCodeBehind(admin, standardStrings);
  // As they were at first: since then functions may have been made to run as others (`lowerFunctions`).
  codeBehind.keptSchemas ??= codeBehind.known.keptSchemas;
  return { ...codeBehind.known, keptSchemas: codeBehind.keptSchemas };
}

/** Asks the catalogs, which no code of the tenant's writes to but by statements of its own kinds. */
async function readCodeBehind(admin: Session, standardStrings: boolean): Promise<CodeBehind> {
  const [row] = await admin.query<Row>(
    `with foreign_code as (
       select p.oid from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
        where l.lanname not in ('c', 'internal')),
     language as (
       select l.lanname::text as name, l.lanname in ('c', 'internal') or (l.lanispl and not l.lanpltrusted) as mighty
         from pg_catalog.pg_language l
        where not exists (select from foreign_code f where f.oid in (l.lanplcallfoid, l.laninline, l.lanvalidator)))
     select array(select name from language) as languages,
            array(select name from language where mighty) as mighty,
            array(select pg_catalog.lower(name) from pg_catalog.pg_settings where context = 'superuser') as settings,
            not exists (select from pg_catalog.pg_foreign_data_wrapper w
                          join foreign_code f on f.oid in (w.fdwhandler, w.fdwvalidator)) as "wrappersInC",
            array(select pg_catalog.format('%I.%I', n.nspname, c.relname)
                    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
                     and d.deptype = 'e'
                   where c.relkind in ('r', 'p', 'f')) as "extensionTables",
            array(select name from (${schemasOfExtensions}) s where not usual) as "keptSchemas"`,
  );
  const mighty = new Set(row?.mighty ?? []);
  return {
    standardStrings,
    languages: new Map((row?.languages ?? []).map((name) => [name, { mighty: mighty.has(name) }])),
    mightySettings: new Set(row?.settings ?? []),
    wrappersInC: row?.wrappersInC === true,
    extensionTables: new Set(row?.extensionTables ?? []),
    keptSchemas: new Set(row?.keptSchemas ?? []),
  };
}
