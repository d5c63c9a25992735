import { quoteIdent, quoteLiteral, quoteName } from "./quote.ts";

interface CopiedTable {
  readonly schema: string;
  readonly name: string;
  /** In the order wanted; none for a table without columns. */
  readonly columns: readonly string[];
}

/**
 * `COPY schema.table (columns) TO STDOUT`, which refuses a view and reads that table alone, in the
 * encoding of the data (a PostgreSQL name such as `UTF8` or `LATIN1`). An empty column list is a
 * syntax error and is therefore left out. Source and restored database are read by this one statement.
 */
export function copyOutStatement(table: CopiedTable, encoding: string): string {
  return `copy ${quoteName(table)}${columnList(table.columns)} to stdout (encoding ${quoteLiteral(encoding)})`;
}

function columnList(columns: readonly string[]): string {
  return columns.length === 0 ? "" : ` (${columns.map(quoteIdent).join(", ")})`;
}
