import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import type { Ledger } from "./report.ts";

interface Loaded extends Pick<LoadContext, "entries"> {
  readonly ledger: Pick<Ledger, "has">;
}

/** For the transaction that makes the key alone. */
const withoutHashing = "set local enable_hashjoin = off;\n";

/**
 * What to put before the statement of a foreign key, in the same query; empty for any other entry. To check the key
 * the server joins both tables, and takes a hash of millions of rows for cheap. Where an index that is there already
 * begins with the key's columns it need only go along two indexes, which takes a third of the time: rows that were
 * loaded frozen are known to be there for all, and need not be looked at. The server still weighs all other ways.
 * Without such an index it would have to sort, and text may be dear to compare, so that hashing is left to it.
 */
export function joiningOf(entry: TocEntry, { entries, ledger }: Loaded): string {
  return indexesAlong(entry, entries).some((index) => ledger.has(index)) ? withoutHashing : "";
}

/** A foreign key depends on those of these entries, too, along which it would be checked; any other entry as it is. */
export function afterIndexes(entry: TocEntry, entries: readonly TocEntry[]): TocEntry {
  const indexes = indexesAlong(entry, entries).map(({ dumpId }) => dumpId);
  return indexes.length === 0 ? entry : { ...entry, dependencies: [...entry.dependencies, ...indexes] };
}

function indexesAlong({ desc, defn }: TocEntry, entries: readonly TocEntry[]): readonly TocEntry[] {
  if (desc !== "FK CONSTRAINT") return [];
  const [, table, columns] =
    /^ALTER TABLE (?:ONLY )?(.+)\s+ADD CONSTRAINT .+ FOREIGN KEY \((.+)\) REFERENCES /.exec(defn) ?? [];
  if (table === undefined || columns === undefined) return [];
  const begins = [` (${columns})`, ` (${columns},`];
  const isOf = isIndexOf(table);
  return entries.filter((one) => isOf(one) && begins.some((begin) => one.defn.includes(begin)));
}

/** Of all its rows, be it one that keeps a constraint. Both are as the server spells them. */
function isIndexOf(table: string): (entry: TocEntry) => boolean {
  const constraints = [`ALTER TABLE ${table}\n`, `ALTER TABLE ONLY ${table}\n`];
  const indexes = [` ON ${table} USING btree (`, ` ON ONLY ${table} USING btree (`];
  return ({ desc, defn }) => {
    if (desc === "CONSTRAINT") return constraints.some((start) => defn.startsWith(start));
    return desc === "INDEX" && indexes.some((on) => defn.includes(on)) && !defn.includes(" WHERE ");
  };
}
