/** An identifier as PostgreSQL's grammar takes it whatever it holds. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name`, both quoted. */
export function quoteName(of: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdent(of.schema)}.${quoteIdent(of.name)}`;
}

/** A string constant that means the same under either setting of standard_conforming_strings. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}
