import { quoteIdent, quoteName } from "../session/quote.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

/** `usage, create on schema x`: what the loader has until it is taken back. */
type Right = string;

/**
 * What extensions made is the administrator's, and a tenant may have things of its own there: tables in the schema of a
 * queue or a geocoder, views that are filled from a table of reference systems. While the tenant's code runs the loader
 * may create in those schemas and read those tables. It may not refer to them: a foreign key is checked as the owner of
 * what it refers to, and casts of the tenant's would run as the administrator. Nor may it create where an extension has
 * functions that run as the administrator, which could be led to what is planted there. Returns what is to be taken back.
 */
export async function lendToLoader(
  context: LoadContext,
  entries: readonly TocEntry[],
): Promise<readonly Right[]> {
  const lent: Right[] = [];
  for (const right of [...(await onSchemas(context, entries)), ...(await onTables(context, entries))]) {
    try {
      await context.admin.query(`grant ${right} to ${quoteIdent(context.loader)}`);
      lent.push(right);
    } catch (error) {
      // Where a provider creates extensions on the administrator's behalf, what they made is the provider's.
      refusalOf(error);
      context.ledger.note(`${right} could not be lent, as it belongs to an extension`);
    }
  }
  return lent;
}

export async function takeBackFromLoader(
  { admin, loader }: LoadContext,
  lent: readonly Right[],
): Promise<void> {
  for (const right of lent) await admin.query(`revoke ${right} from ${quoteIdent(loader)}`);
}

async function onSchemas({ admin }: LoadContext, entries: readonly TocEntry[]): Promise<Right[]> {
  const found = await admin.query<{ name: string; usual: boolean; inUse: boolean }>(
    `select n.nspname::text as name, n.nspname::text = any ($1) as "inUse",
            not exists (select from pg_catalog.pg_proc p
                          join pg_catalog.pg_depend m on m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                           and m.objid = p.oid and m.deptype = 'e'
                         where p.prosecdef) as usual
       from pg_catalog.pg_namespace n
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid
        and d.deptype = 'e'
      order by 1`,
    [[...new Set(entries.map(({ namespace }) => namespace))]],
  );
  return found
    .filter(({ inUse }) => inUse || areRead(entries))
    .map(
      ({ name, usual, inUse }) =>
        `${usual && inUse ? "usage, create" : "usage"} on schema ${quoteIdent(name)}`,
    );
}

async function onTables({ admin }: LoadContext, entries: readonly TocEntry[]): Promise<Right[]> {
  if (!areRead(entries)) return [];
  const found = await admin.query<{ schema: string; name: string }>(
    `select n.nspname::text as schema, c.relname::text as name
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
        and d.deptype = 'e'
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
      order by 1, 2`,
  );
  return found.map((table) => `select on table ${quoteName(table)}`);
}

/** A view is filled by the loader. */
function areRead(entries: readonly TocEntry[]): boolean {
  return entries.some(({ desc }) => desc === "MATERIALIZED VIEW");
}
