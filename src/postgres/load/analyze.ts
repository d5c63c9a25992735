import { eachAtOnce } from "../../base/limit.ts";
import type { Session } from "../session/session.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

/** Small relations share a statement, which treats each in a transaction of its own. */
const batchMax = 50;

interface Relation {
  readonly name: string;
  /** A mebibyte or more: one for itself. */
  readonly large: boolean;
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
    const statements = batchesOf(await last.query<Relation>(relations, [what === "materialised views"]));
    await eachAtOnce(statements, sessions.length, async (names) => {
      const session = free.pop() ?? last;
      try {
        await session.query(`${context.preamble("")}analyze ${names}`);
      } catch (error) {
        states.add(refusalOf(error).sqlState ?? "unknown");
      }
      free.push(session);
    });
  } catch (error) {
    states.add(refusalOf(error).sqlState ?? "unknown");
  }
  if (states.size > 0)
    context.ledger.note(`statistics are incomplete (SQLSTATE ${[...states].join(", ")}); run ANALYZE`);
}

const relations = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, pg_catalog.pg_relation_size(c.oid) >= 1048576 as large
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where (c.relkind = 'm') = $1 and c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by pg_catalog.pg_relation_size(c.oid) desc, 1`;

function batchesOf(found: readonly Relation[]): string[] {
  const alone = found.filter(({ large }) => large).map(({ name }) => name);
  const small = found.filter(({ large }) => !large).map(({ name }) => name);
  const batches = [...alone];
  for (let at = 0; at < small.length; at += batchMax) batches.push(small.slice(at, at + batchMax).join(", "));
  return batches;
}
