/**
 * Whether a column that is nothing but this cast takes this name where nobody gave it one. `SELECT NULL` has no
 * name; the server keeps it as `NULL::integer`, and that, read again, is a column `int4`. So a view with such a
 * select inside comes back from an archive with `NULL::integer AS int4` (trap 14).
 */
export function namesItself(cast: string, alias: string): boolean {
  return nameOf(cast) === unquoted(alias);
}

/** As the parser names them; what format_type writes otherwise. */
const inside: Readonly<Record<string, string>> = {
  bigint: "int8",
  bit: "bit",
  "bit varying": "varbit",
  boolean: "bool",
  character: "bpchar",
  "character varying": "varchar",
  "double precision": "float8",
  integer: "int4",
  real: "float4",
  smallint: "int2",
  "time with time zone": "timetz",
  "time without time zone": "time",
  "timestamp with time zone": "timestamptz",
  "timestamp without time zone": "timestamp",
};

function nameOf(cast: string): string {
  const type = cast
    .slice("::".length)
    .replaceAll("[]", "")
    .replace(/\([^()"]*\)/, "");
  if (/^interval\b/.test(type)) return "interval";
  return inside[type] ?? unquoted(/(?:^|\.)("(?:[^"]|"")*"|[^".]+)$/.exec(type)?.[1] ?? type);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
