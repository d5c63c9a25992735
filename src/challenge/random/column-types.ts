import type { Dice } from "./dice.ts";
import { text } from "./quoting.ts";

/** What a column can be. */
export interface ColumnType {
  readonly sql: string;
  /** An SQL expression of a random value, never NULL. */
  readonly value: (dice: Dice) => string;
  /** What can be done with it beside storing it. */
  readonly family: "integer" | "number" | "text" | "time" | "other";
  readonly index: "btree" | "gin" | "gist" | null;
}

const strings = [
  "",
  " ",
  "plain",
  String.raw`\N`,
  String.raw`\.`,
  "tab\there",
  "line\nbreak\r\n",
  "quote ' and \"",
  "back\\slash",
  "ünïcödé ß",
  "مرحبا",
  "👩‍👩‍👧 family",
  "a\u0301 combining",
  "\u0001control\u001f",
  "trailing  ",
  "NULL",
] as const;

/** Short mostly, and now and then so long that it is toasted, compressible or not. */
export function someText(dice: Dice): string {
  if (dice.chance(4)) return `repeat(${text(dice.pick(strings))} || 'x', ${String(dice.between(500, 9000))})`;
  if (dice.chance(3))
    return `(select string_agg(md5((g * ${String(dice.between(1, 99999))})::text), '') from generate_series(1, ${String(dice.between(100, 700))}) g)`;
  return text(`${dice.pick(strings)}${dice.chance(50) ? String(dice.below(1000)) : ""}`);
}

function number(from: string, to: string): (dice: Dice) => string {
  return (dice) => dice.pick([from, to, "0", "1", "-1", String(dice.between(-30000, 30000))]);
}

function one(...literals: readonly [string, ...string[]]): (dice: Dice) => string {
  return (dice) => dice.pick(literals);
}

function type(
  sql: string,
  family: ColumnType["family"],
  index: ColumnType["index"],
  value: (dice: Dice) => string,
): ColumnType {
  return { sql, family, index, value };
}

function cast(sql: string, ...literals: readonly [string, ...string[]]): (dice: Dice) => string {
  return (dice) => `${text(dice.pick(literals))}::${sql}`;
}

/** Of every server; those that a schema makes itself come with `madeTypes`. */
export const columnTypes: readonly [ColumnType, ...ColumnType[]] = [
  type("smallint", "integer", "btree", number("-32768", "32767")),
  type("integer", "integer", "btree", number("-2147483648", "2147483647")),
  type("bigint", "integer", "btree", number("-9223372036854775808", "9223372036854775807")),
  type(
    "numeric",
    "number",
    "btree",
    cast("numeric", "NaN", "0", "1.10", "1.1000", "-0.000000001", `1${"0".repeat(60)}.5`),
  ),
  type("numeric(12,3)", "number", "btree", cast("numeric", "0", "999999999.999", "-1.5", "2.125")),
  type(
    "real",
    "number",
    "btree",
    cast("real", "NaN", "Infinity", "-Infinity", "-0", "0.1", "3.4028235e38", "1e-45"),
  ),
  type(
    "double precision",
    "number",
    "btree",
    cast("float8", "NaN", "Infinity", "-0", "0.1", "0.30000000000000004", "5e-324"),
  ),
  type("text", "text", "btree", someText),
  type("varchar(40)", "text", "btree", (dice) => text(dice.pick(strings))),
  type("char(7)", "text", "btree", (dice) => text(dice.pick(strings).slice(0, 4))),
  type('text collate "C"', "text", "btree", (dice) => text(dice.pick(strings))),
  type(
    "bytea",
    "other",
    "btree",
    (dice) =>
      `decode(repeat(md5('${String(dice.below(1000))}'), ${String(dice.pick([0, 1, 3, 400]))}), 'hex')`,
  ),
  type("boolean", "other", "btree", one("true", "false")),
  type(
    "date",
    "time",
    "btree",
    cast("date", "2024-02-29", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"),
  ),
  type("time", "time", "btree", cast("time", "00:00", "24:00", "12:34:56.789012")),
  type("timetz", "time", "btree", cast("timetz", "00:00+15:59", "12:34:56.789-08")),
  type(
    "timestamp",
    "time",
    "btree",
    cast("timestamp", "2026-03-29 02:30", "infinity", "0044-03-15 12:00 BC", "1999-12-31 23:59:59.999999"),
  ),
  type(
    "timestamptz",
    "time",
    "btree",
    cast(
      "timestamptz",
      "2026-03-29 02:30+02",
      "-infinity",
      "1883-11-18 12:00-05",
      "2026-10-25 00:30:00.000001+00",
    ),
  ),
  type(
    "interval",
    "other",
    "btree",
    cast("interval", "1 year -1 mon 3 days", "-00:00:00.000001", "178000000 years", "0"),
  ),
  type("uuid", "other", "btree", (dice) => `md5('${String(dice.below(100000))}')::uuid`),
  type("json", "other", null, cast("json", '{"a": 1, "a": 2}', "[ 1,2 ]", "null", '"\\u00e9"')),
  type(
    "jsonb",
    "other",
    "gin",
    cast("jsonb", '{"b": [1, {"c": null}], "a": 1.50}', "[]", "null", '"\\\\"', "12345678901234567890.10"),
  ),
  type("inet", "other", "btree", cast("inet", "10.0.0.1/8", "::1", "fe80::/10")),
  type("macaddr", "other", "btree", cast("macaddr", "08:00:2b:01:02:03")),
  type("bit(9)", "other", "btree", one("B'101010101'", "B'000000000'")),
  type("varbit", "other", "btree", one("B''", "B'1'", "B'1001'")),
  type("point", "other", "gist", cast("point", "(1.5,-0)", "(NaN,Infinity)")),
  type("polygon", "other", "gist", cast("polygon", "((0,0),(1,0),(1,1.1))")),
  type("tsvector", "other", "gin", cast("tsvector", "'a' 'fat':3A 'it''s':1,2B", "")),
  type("int4range", "other", "gist", cast("int4range", "empty", "[1,5)", "(,)", "[7,)")),
  type("tstzrange", "other", "gist", cast("tstzrange", "[2026-01-01 00:00+00,infinity)", "empty")),
  type("integer[]", "other", "gin", cast("int[]", "{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={5,6}")),
  type("text[]", "other", "gin", cast("text[]", "{}", '{"",NULL,"NULL","a,b","q\\"q","b\\\\s"}', "{é}")),
];
