import { quoteIdent, quoteName } from "../../session/quote.ts";
import type { TocEntry } from "../../archive/toc.ts";
import { namedByDrop } from "../statements/of-its-kind.ts";

/** Named by schema and name. */
const qualified = new Set([
  "COLLATION",
  "CONVERSION",
  "DOMAIN",
  "FOREIGN TABLE",
  "MATERIALIZED VIEW",
  "SEQUENCE",
  "STATISTICS",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TYPE",
  "VIEW",
]);

/** Named by name alone. */
const plain = new Set([
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "PROCEDURAL LANGUAGE",
  "PUBLICATION",
  "SCHEMA",
  "SERVER",
  "SUBSCRIPTION",
]);

/** Named with arguments, which only the statement that would drop them spells out. */
const byArguments = new Set([
  "AGGREGATE",
  "FUNCTION",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURE",
]);

/** `ALTER … OWNER TO …` as pg_restore would say it; `null` for what has no owner of its own. Runs no tenant code. */
export function ownerStatement(entry: TocEntry, owner: string): string | null {
  if (entry.owner === "") return null;
  const object = objectOf(entry);
  // ALTER TABLE takes sequences of identity columns too, whose owner follows their table.
  const altered = object?.replace(/^SEQUENCE /, "TABLE ") ?? null;
  return altered === null ? null : `alter ${altered} owner to ${quoteIdent(owner)}`;
}

/** The object of an entry as statements name it, with its kind. `null` for what has no owner of its own, or no name. */
export function objectOf(entry: TocEntry): string | null {
  const { desc, tag, namespace } = entry;
  if (qualified.has(desc)) return `${desc} ${quoteName({ schema: namespace, name: tag })}`;
  if (plain.has(desc)) return `${desc === "PROCEDURAL LANGUAGE" ? "LANGUAGE" : desc} ${quoteIdent(tag)}`;
  if (!byArguments.has(desc)) return null;
  return namedByDrop(entry);
}

/** Tables first: the sequences that they own follow them, and may not be given away by themselves. */
export function ownerOrder(entries: readonly TocEntry[]): TocEntry[] {
  const rank = ({ desc }: TocEntry): number => (desc === "TABLE" ? 0 : desc === "SCHEMA" ? 2 : 1);
  return entries.toSorted((a, b) => rank(a) - rank(b));
}
