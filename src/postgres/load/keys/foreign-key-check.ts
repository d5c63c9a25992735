import type { TocEntry } from "../../archive/toc.ts";

/**
 * For the statement that makes a foreign key, in the same query: nothing is counted but pages, one as dear as another
 * and as if memory kept none, and nothing is sorted. The server, which knows no values of what was just loaded, hashes
 * one table and looks up every row of the other. Where both have an index, are seen by all and hence are read by their
 * indexes alone, it now goes along the two, in a third of the time; where not it hashes as before, since every row would
 * cost a page.
 */
export const byPagesAlone = [
  "set local random_page_cost = 1",
  "set local seq_page_cost = 1",
  "set local effective_cache_size = 1",
  "set local cpu_tuple_cost = 0",
  "set local cpu_index_tuple_cost = 0",
  "set local cpu_operator_cost = 0",
  "set local enable_sort = off",
  "set local enable_nestloop = off",
  "",
].join(";\n");

/** The keys and ordered indexes of both its tables, by number, which a foreign key waits for so as to be checked along them. */
export function indexesBefore(entries: readonly TocEntry[]): (foreignKey: TocEntry) => readonly number[] {
  const byTable = new Map<number, number[]>();
  const tables = new Set(entries.filter(({ desc }) => desc === "TABLE").map(({ dumpId }) => dumpId));
  for (const entry of entries.filter(isOrdered)) {
    for (const id of entry.dependencies.filter((one) => tables.has(one)))
      byTable.set(id, [...(byTable.get(id) ?? []), entry.dumpId]);
  }
  return ({ desc, dependencies }) =>
    desc === "FK CONSTRAINT" ? dependencies.flatMap((id) => byTable.get(id) ?? []) : [];
}

function isOrdered({ desc, defn }: TocEntry): boolean {
  return desc === "CONSTRAINT" || (desc === "INDEX" && defn.includes(" USING btree "));
}
