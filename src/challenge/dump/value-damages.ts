/** Values that a careless copy alters without anybody noticing; many of them are equal to what they were by `=`. */
import type { DumpDamage } from "../damage.ts";
import { data } from "./data-damage.ts";
import { type Rewriting, rewritten } from "./rewritten.ts";

export const extreme: Rewriting = {
  table: "public.extreme",
  columns: [
    "id",
    "double",
    "single",
    "big",
    "exact",
    "path",
    "lines",
    "accent",
    "word",
    "plain_json",
    "binary_json",
    "moment",
    "instant",
    "midnight",
    "zoned",
    "day",
    "span",
    "bits",
    "numbers",
    "square",
    "words",
    "home",
    "period",
    "nothing",
    "map",
    "address",
    "bytes",
  ],
};

/** Its first row has them all, the others are of everyday values. */
function value(name: string, title: string, column: string, becomes: string): DumpDamage {
  const set = { [column]: `case id when 1 then ${becomes} else ${column} end` };
  return data(name, title, rewritten({ ...extreme, set }));
}

export const valueDamages: readonly DumpDamage[] = [
  value("zero-sign-lost", "a negative zero is a zero", "double", "'0'::float8"),
  value("nan-nulled", "what is not a number is NULL", "single", "null"),
  value("bigint-through-double", "a large whole number went through a double", "big", "big::float8::bigint"),
  value("numeric-through-double", "a numeric went through a double", "exact", "exact::float8::numeric"),
  value("backslash-doubled", "a backslash is two", "path", String.raw`replace(path, '\', '\\')`),
  value(
    "line-end-changed",
    "a line ends as on another system",
    "lines",
    String.raw`replace(lines, E'\n', E'\r\n')`,
  ),
  value("tab-to-blank", "a tab is a blank", "lines", String.raw`replace(lines, E'\t', ' ')`),
  value("accent-composed", "a letter and its accent are one character", "accent", "normalize(accent, NFC)"),
  value("null-marker-nulled", "a text that looks like the mark of NULL is NULL", "word", "null"),
  value("json-whitespace-lost", "a json has lost its blanks", "plain_json", `'{"b":1,"a":2,"a":3}'::json`),
  value(
    "json-keys-sorted",
    "a json has its keys in another order",
    "plain_json",
    `'{ "a": 2, "a": 3, "b": 1 }'::json`,
  ),
  value(
    "json-key-merged",
    "a json has a key once that it had twice",
    "plain_json",
    `'{ "b": 1, "a": 3 }'::json`,
  ),
  value(
    "jsonb-scale-lost",
    "a number in a jsonb has lost the zeros of its scale",
    "binary_json",
    `'{"price": 1.5}'::jsonb`,
  ),
  value(
    "infinity-bounded",
    "a time without end has one",
    "moment",
    "'294276-12-31 23:59:59.999999'::timestamp",
  ),
  value("microseconds-lost", "a time has lost its microseconds", "instant", "date_trunc('second', instant)"),
  value("midnight-wrapped", "the end of a day is its beginning", "midnight", "'00:00'::time"),
  value("time-zone-turned", "a time of day is the same in another zone", "zoned", "zoned at time zone 'UTC'"),
  value("era-lost", "a date has lost its era", "day", "'0044-03-15'::date"),
  value("interval-respelt", "a month is thirty days", "span", "'30 days'::interval"),
  value("bits-shortened", "a bit string has lost its leading zeros", "bits", "B'1'"),
  value("array-bounds-lost", "an array begins at another place", "numbers", "array(select unnest(numbers))"),
  value("array-flattened", "an array has lost a dimension", "square", "array(select unnest(square))"),
  value("array-null-quoted", "a NULL in an array is the word", "words", `'{"NULL","NULL"}'::text[]`),
  value("composite-of-nulls-nulled", "a composite value of NULLs is NULL", "home", "null"),
  value("range-bound-excluded", "a range excludes its bound", "period", "'[1.0,5.0)'::numrange"),
  value("empty-range-nulled", "an empty range is NULL", "nothing", "null"),
  value("map-null-emptied", "a NULL under a key is an empty string", "map", `'k=>""'::public.hstore`),
  value("network-mask-lost", "an address has lost its mask", "address", "host(address)::inet"),
  value("zero-byte-lost", "bytes end where the first zero is", "bytes", String.raw`'\x61'::bytea`),
];
