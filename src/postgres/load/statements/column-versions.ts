import type { TocEntry } from "../../archive/toc.ts";
import { bareSql, hasStandardStrings, sqlTokens } from "./bare-sql.ts";

const name = String.raw`(?:[\w$\u0080-\uffff]+|"")`;
const setsOptions = new RegExp(
  String.raw`^\s*ALTER (?:FOREIGN )?TABLE ONLY ${name}\.${name} ALTER COLUMN ${name} SET \([^()]*\)\s*$`,
);
const version = /^pg_attver=\d+$/;

/**
 * The entries without the versions of columns. The releases of November 2026 (15.20 and its like) keep one among a column's
 * options, another one in each database; an older pg_dump takes it for an option of the tenant's, and an older server
 * refuses the whole table for it. Only where a statement says nothing else than options of a column.
 */
export function withoutColumnVersions(entries: readonly TocEntry[]): readonly TocEntry[] {
  const standardStrings = hasStandardStrings(entries);
  return entries.map((entry) =>
    entry.defn.includes("pg_attver=") ? { ...entry, defn: unversioned(entry.defn, standardStrings) } : entry,
  );
}

function unversioned(defn: string, standardStrings: boolean): string {
  const tokens = sqlTokens(defn, standardStrings);
  if (tokens === null) return defn;
  const statements = [""];
  for (const { text } of tokens) {
    statements.push(`${statements.pop() ?? ""}${text}`);
    if (text === ";") statements.push("");
  }
  return statements.map((statement) => withoutVersion(statement, standardStrings)).join("");
}

function withoutVersion(statement: string, standardStrings: boolean): string {
  const said = statement.replace(/;$/, "");
  const bare = bareSql(said, standardStrings);
  if (bare === null || !setsOptions.test(bare)) return statement;
  const from = said.lastIndexOf("(") + 1;
  const options = said.slice(from, said.lastIndexOf(")")).split(/,\s*/);
  const kept = options.filter((option) => !version.test(option));
  if (kept.length === options.length) return statement;
  return kept.length === 0 ? "" : `${said.slice(0, from)}${kept.join(", ")});`;
}
