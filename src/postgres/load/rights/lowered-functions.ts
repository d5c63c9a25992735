/**
 * Functions of extensions that run as their owner, who is the administrator. What such a one does may be told by rows of
 * a backup, a queue's that say what it writes to, and a check or a trigger of a tenant's on that would run with all rights.
 * So while a tenant's code runs they run as whoever calls them. What needs more is the machine's to lack.
 */
import { codeBehindOf } from "../statements/code-behind.ts";
import type { LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";

/**
 * Their oids. Of extensions that this load made: should it not come to its end, they go with the database, or with what is
 * emptied. Those that were there before are somebody's who would find them changed; where they lie, nothing is made either.
 */
export async function lowerFunctions(context: LoadContext): Promise<readonly number[]> {
  const { admin, former, ledger } = context;
  const found = await admin.query<{ oid: number; name: string; isMade: boolean }>(
    `select p.oid, p.oid::pg_catalog.regprocedure::text as name, e.extname::text <> all ($1) as "isMade"
       from pg_catalog.pg_proc p
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
        and d.deptype = 'e'
       join pg_catalog.pg_extension e on e.oid = d.refobjid
      where p.prosecdef order by 1`,
    [former?.extensions ?? []],
  );
  // Where they lie nothing of the tenant's is to be, also when they are again as they were.
  if (found.length > 0) await codeBehindOf(context);
  const lowered: number[] = [];
  for (const { oid, name, isMade } of found) {
    if (!isMade) {
      tellRaised(ledger, name);
      continue;
    }
    try {
      await admin.query(`alter routine ${name} security invoker`);
      lowered.push(oid);
    } catch (error) {
      // A provider's own, which it has to answer for.
      refusalOf(error);
      tellRaised(ledger, name);
    }
  }
  return lowered;
}

function tellRaised(ledger: LoadContext["ledger"], name: string): void {
  ledger.note(`the extension's function ${name} ran as its owner while the tenant's code ran`);
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
