import type { Derived, Multiset } from "../../model/fingerprint.ts";
import { sqlStateOf } from "../session/errors.ts";
import { quoteIdent, quoteLiteral, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { MultisetMeasure } from "../readings/multiset.ts";

/** Ways of the planner: as rows are read, by indexes, with all that a refresh may use. A result that depends on them proves nothing. */
const ways: readonly string[] = [
  "select 1",
  "set enable_indexscan = on; set enable_indexonlyscan = on; set enable_bitmapscan = on",
  "set max_parallel_workers_per_gather = 2",
];

/**
 * Whether a materialised view that is not as in the source was left behind by the load: its definition, run over the
 * restored tables in every way, gives the very rows that the source had. If it does not, the source had
 * not refreshed it, or it does not depend on rows alone, which refutes nothing. For a session without rights,
 * since the definition may call the tenant's functions; it is of no other use afterwards.
 */
export async function isLeftBehind(
  session: Session,
  view: Derived,
  expected: Multiset,
  encoding: string,
): Promise<boolean> {
  try {
    for (const way of ways) {
      await session.query(way);
      const { rows, sum } = await computed(session, view, encoding);
      if (rows !== expected.rows || sum !== expected.sum) return false;
    }
    return true;
  } catch (error) {
    // Whoever compares may not call every function that the owner may.
    if (isLost(sqlStateOf(error))) throw error;
    return false;
  }
}

async function computed(session: Session, view: Derived, encoding: string): Promise<Multiset> {
  const [row] = await session.query<{ text: string }>(
    "select pg_catalog.pg_get_viewdef(pg_catalog.to_regclass($1)) as text",
    [quoteName(view)],
  );
  const query = (row?.text ?? "").replace(/;\s*$/, "");
  const measure = new MultisetMeasure();
  const { bytes } = session.copyOut(
    `copy (select ${view.columns.map(quoteIdent).join(", ")} from (${query}) as definition) to stdout (encoding ${quoteLiteral(encoding)})`,
  );
  for await (const part of bytes) measure.update(part);
  return measure.finish();
}

/** Without an SQLSTATE the server did not answer. */
function isLost(sqlState: string | undefined): boolean {
  return sqlState === undefined || /^(08|53|57P|58)/.test(sqlState);
}
