/**
 * Functions of extensions that run as their owner, who is the administrator. What such a one does may be told by rows of
 * a backup, a queue's that say what it writes to, and a check or a trigger of a tenant's on that would run with all rights.
 * So while a tenant's code runs they run as whoever calls them. What needs more is the machine's to lack.
 */
import { codeBehindOf } from "./code-behind.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

/** Their oids. Only in a database that goes if the load does not come to its end. */
export async function lowerFunctions(context: LoadContext): Promise<readonly number[]> {
  const { admin, destination, ledger } = context;
  if (!destination.create) return [];
  const found = await admin.query<{ oid: number; name: string }>(
    `select p.oid, p.oid::pg_catalog.regprocedure::text as name
       from pg_catalog.pg_proc p
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
        and d.deptype = 'e'
      where p.prosecdef order by 1`,
  );
  // Where they lie nothing of the tenant's is to be, also when they are again as they were.
  if (found.length > 0) await codeBehindOf(context);
  const lowered: number[] = [];
  for (const { oid, name } of found) {
    try {
      await admin.query(`alter routine ${name} security invoker`);
      lowered.push(oid);
    } catch (error) {
      // A provider's own, which it has to answer for.
      refusalOf(error);
      ledger.note(`the extension's function ${name} ran as its owner while the tenant's code ran`);
    }
  }
  return lowered;
}

/** By their oids, since code of the tenant's may have given the schema they lie in another name. */
export async function raiseFunctions({ admin }: LoadContext, lowered: readonly number[]): Promise<void> {
  if (lowered.length === 0) return;
  const found = await admin.query<{ name: string }>(
    "select f.oid::pg_catalog.oid::pg_catalog.regprocedure::text as name from unnest($1::int8[]) as f(oid)",
    [lowered],
  );
  for (const { name } of found) await admin.query(`alter routine ${name} security definer`);
}
