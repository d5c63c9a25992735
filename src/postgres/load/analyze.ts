import { eachAtOnce } from "../../base/limit.ts";
import type { Session } from "../session/session.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

/** Small relations share a statement, which treats each in a transaction of its own. */
const batchMax = 50;

/** A table with its partitions, which the server analyzes together with it, or a materialised view. */
interface Relation {
  readonly name: string;
  readonly partitions: readonly string[];
  /** A mebibyte or more, or partitioned: one for itself. */
  readonly alone: boolean;
}

export type Analyzed = "tables" | "materialised views";

/**
 * Statistics for the planner, over all `sessions`, largest first. As the loader, since expressions of indexes
 * run; no row depends on it, so what cannot be analyzed is a note. The server leaves out what is not the loader's, and
 * its own catalogs are left to it: they took as long as a table of millions of rows.
 */
export async function analyze(
  context: LoadContext,
  sessions: readonly Session[],
  what: Analyzed,
): Promise<void> {
  const last = sessions.at(-1);
  if (last === undefined) return;
  const free = [...sessions];
  const states = new Set<string>();
  try {
    const batches = batchesOf(await last.query<Relation>(relations, [what === "materialised views"]));
    await eachAtOnce(batches, sessions.length, async (batch) => {
      const session = free.pop() ?? last;
      for (const state of await analyzeBatch(context, session, batch)) states.add(state);
      free.push(session);
    });
  } catch (error) {
    states.add(refusalOf(error).sqlState ?? "unknown");
  }
  if (states.size > 0)
    context.ledger.note(`statistics are incomplete (SQLSTATE ${[...states].join(", ")}); run ANALYZE`);
}

/** Why some of it could not be analyzed. What comes behind one that fails is left undone, so then each goes alone. */
async function analyzeBatch(
  context: LoadContext,
  session: Session,
  batch: readonly Relation[],
): Promise<readonly string[]> {
  const whole = await analyzeNames(
    context,
    session,
    batch.map(({ name }) => name),
  );
  if (whole === null) return [];
  const states = [whole];
  const names = batch.flatMap(({ name, partitions }) => (batch.length > 1 ? [name] : partitions));
  for (const name of names) states.push((await analyzeNames(context, session, [name])) ?? whole);
  return states;
}

/** null where it succeeded. */
async function analyzeNames(
  context: LoadContext,
  session: Session,
  names: readonly string[],
): Promise<string | null> {
  try {
    // In one query with the other they would be one transaction, whose locks last until the last table is done.
    await session.query(context.preamble(""));
    await session.query(`analyze ${names.join(", ")}`);
    return null;
  } catch (error) {
    return refusalOf(error).sqlState ?? "unknown";
  }
}

// Whoever names a partitioned table has all its partitions analyzed, so that they are not named besides.
const relations = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
         c.relkind = 'p' or tree.bytes >= 1048576 as alone, tree.partitions
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral (
      select pg_catalog.sum(pg_catalog.pg_relation_size(t.oid)) as bytes,
             coalesce(pg_catalog.array_agg(pg_catalog.format('%I.%I', s.nspname, t.relname))
                        filter (where t.oid <> c.oid and t.relkind = 'r'), '{}') as partitions
        from (select c.oid
              union all
              select p.relid from pg_catalog.pg_partition_tree(c.oid) p where c.relkind = 'p' and p.relid <> c.oid) of
        join pg_catalog.pg_class t on t.oid = of.oid
        join pg_catalog.pg_namespace s on s.oid = t.relnamespace) tree
   where (c.relkind = 'm') = $1 and c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't' and not c.relispartition
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by tree.bytes desc, 1`;

function batchesOf(found: readonly Relation[]): (readonly Relation[])[] {
  const batches = found.filter(({ alone }) => alone).map((relation) => [relation]);
  const small = found.filter(({ alone }) => !alone);
  for (let at = 0; at < small.length; at += batchMax) batches.push(small.slice(at, at + batchMax));
  return batches;
}
