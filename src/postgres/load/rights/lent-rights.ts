import { quoteIdent } from "../../session/quote.ts";
import type { TocEntry } from "../../archive/toc.ts";
import { codeBehindOf, schemasOfExtensions } from "../statements/code-behind.ts";
import type { LoadContext } from "../context.ts";
import { keyToExtension } from "../extensions/extension-key.ts";
import { refusalOf } from "../report.ts";

/** `usage, create on schema x`: what the loader has until it is taken back. */
type Right = string;

/**
 * What extensions made is the administrator's, and a tenant may have things of its own there: tables in the schema of a
 * queue or a geocoder, views that are filled from a table of reference systems. While the tenant's code runs the loader
 * may create in those schemas and read those tables, as it does to check a foreign key. It may not refer to them, see
 * `addKeyToExtension`. Nor may it create where an extension has functions that run as the administrator, which could be
 * led to what is planted there; nor is anything made for it there (`heirOfExtension`). Returns what is to be taken back.
 */
export async function lendToLoader(
  context: LoadContext,
  entries: readonly TocEntry[],
): Promise<readonly Right[]> {
  const lent: Right[] = [];
  const read = await readTables(context, entries);
  for (const right of [...(await onSchemas(context, entries, read)), ...(await onTables(context, read))]) {
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

async function onSchemas(
  { admin }: LoadContext,
  entries: readonly TocEntry[],
  read: TablesRead,
): Promise<Right[]> {
  const found = await admin.query<{ name: string; usual: boolean; inUse: boolean }>(
    `select name, usual, name = any ($1) as "inUse" from (${schemasOfExtensions}) s order by 1`,
    [[...new Set(entries.map(({ namespace }) => namespace))]],
  );
  return found
    .filter(({ inUse }) => inUse || isAny(read))
    .map(
      ({ name, usual, inUse }) =>
        `${usual && inUse ? "usage, create" : "usage"} on schema ${quoteIdent(name)}`,
    );
}

async function onTables({ admin }: LoadContext, read: TablesRead): Promise<Right[]> {
  if (!isAny(read)) return [];
  const found = await admin.query<{ table: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as table
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
        and d.deptype = 'e'
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
      order by 1`,
  );
  return found
    .filter(({ table }) => read === "all" || read.has(table))
    .map(({ table }) => `select on table ${table}`);
}

/** Those of extensions that the loader has to read, named as the server names them. */
type TablesRead = "all" | ReadonlySet<string>;

/** A view is filled by the loader, and may read any; keys say what they refer to. */
async function readTables(context: LoadContext, entries: readonly TocEntry[]): Promise<TablesRead> {
  if (entries.some(({ desc }) => desc === "MATERIALIZED VIEW")) return "all";
  const keys = entries.filter(({ desc }) => desc === "FK CONSTRAINT");
  if (keys.length === 0) return new Set();
  const behind = await codeBehindOf(context);
  return new Set(
    keys.map((entry) => keyToExtension(entry, behind)?.refersTo).filter((table) => table !== undefined),
  );
}

function isAny(read: TablesRead): boolean {
  return read === "all" || read.size > 0;
}
