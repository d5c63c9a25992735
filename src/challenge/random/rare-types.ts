import { type ColumnType, someText } from "./column-types.ts";
import type { Dice } from "./dice.ts";
import type { Names } from "./names.ts";
import { text } from "./quoting.ts";

function rare(
  sql: string,
  index: ColumnType["index"],
  ...literals: readonly [string, ...string[]]
): ColumnType {
  return { sql, family: "other", index, value: (dice) => `${text(dice.pick(literals))}::${sql}` };
}

/** Types of every server that few tables have. */
const rareTypes: readonly [ColumnType, ...ColumnType[]] = [
  rare("money", "btree", "-92233720368547758.08", "0", "12.34"),
  rare('"char"', "btree", "a", "", "\\"),
  rare("name", "btree", "pg_class", "ünïcödé", ""),
  rare("oid", "btree", "0", "4294967295"),
  rare("regclass", "btree", "pg_catalog.pg_class", "-"),
  rare("pg_lsn", "btree", "0/0", "FFFFFFFF/FFFFFFFF"),
  rare("tid", "btree", "(0,1)", "(4294967295,65535)"),
  rare("xid8", "btree", "0", "18446744073709551615"),
  rare("cidr", "btree", "10.0.0.0/8", "::/0"),
  rare("macaddr8", "btree", "08:00:2b:01:02:03:04:05"),
  rare("time(3)", "btree", "23:59:59.999", "24:00"),
  rare("timestamp(0)", "btree", "-infinity", "294276-12-31 23:59:59"),
  rare("timestamptz(2)", "btree", "4713-01-01 00:00:00+00 BC", "2026-03-29 01:59:59.99+00"),
  rare("interval day to second(3)", "btree", "-5 days 00:00:00.001", "0"),
  rare("interval year to month", "btree", "-1 year 11 mons"),
  rare("numeric(1000,500)", "btree", "0", `-${"9".repeat(400)}.${"1".repeat(500)}`),
  rare("char(1)[]", "gin", '{a,NULL," "}', "{}"),
  rare("float4[]", "gin", "{NaN,-0,Infinity,1e-45}", "[-1:0]={1,2}"),
  rare("timestamptz[]", "gin", '{infinity,NULL,"2026-01-01 00:00+00"}'),
  rare("bytea[]", "gin", String.raw`{"\\x00ff","\\x",NULL}`),
  rare("box", "gist", "(1,1),(0,0)", "(Infinity,NaN),(-0,0)"),
  rare("lseg", null, "[(0,0),(1,-1)]"),
  rare("line", null, "{1,-1,0}"),
  rare("path", null, "((0,0),(1,1))", "[(0,0),(1,1)]"),
  rare("circle", "gist", "<(0,-0),1.5>"),
  rare("tsquery", null, "'fat' & !'rat' <-> 'it''s':AB*", ""),
  rare("jsonpath", null, '$."a key"[*] ? (@ > 1.50)', "strict $"),
  rare("int8range", "gist", "(,9223372036854775807)", "empty"),
  rare("numrange", "gist", "[1.0,1.00]", "(,)"),
  rare("daterange", "gist", "[-infinity,infinity)", "[2024-02-29,2024-03-01)"),
  rare("tsrange", "gist", '["2026-01-01 00:00:00.000001",)', "empty"),
  rare("numrange[]", null, '{"[1.0,2.00)",empty,NULL}'),
  rare("uuid[]", "gin", "{00000000-0000-0000-0000-000000000000,NULL}"),
  {
    sql: 'varchar(9000) collate "POSIX"',
    family: "text",
    index: null,
    value: (dice) => `left(${someText(dice)}, 9000)`,
  },
];

interface RareTypes {
  readonly all: readonly [ColumnType, ...ColumnType[]];
  /** Of text, for the keys of partitions. */
  readonly word: ColumnType;
  readonly label: ColumnType;
  readonly statements: readonly string[];
}

/** With those that types are made of: domains over arrays, composites and domains, composites in composites, a range of text. */
export function madeOfTypes(names: Names, schema: string): RareTypes {
  const made = (word: string): string => `${schema}.${names.next(word)}`;
  const [label, words, inner] = [made("rare_enum"), made("rare_domain"), made("rare_domain")];
  const [point, nested, boxed, reach] = [
    made("rare_composite"),
    made("rare_composite"),
    made("rare_domain"),
    made("rare_range"),
  ];
  const labels = ["", " ", "Größe", "b", "a"] as const;
  const anyLabel = (of: Dice): string => `${text(of.pick(labels))}::${label}`;
  const ofEnum: ColumnType = { sql: label, family: "other", index: "btree", value: anyLabel };
  const plain = (sql: string, value: (of: Dice) => string): ColumnType => ({
    sql,
    family: "other",
    index: null,
    value,
  });
  const aPoint = (of: Dice): string =>
    `row('${of.pick(["-0", "NaN", "1.5"])}'::float8, ${anyLabel(of)})::${point}`;
  const own: readonly ColumnType[] = [
    ofEnum,
    plain(words, (of) => `array[${text(of.pick(["", "a,b", "NULL", "{}"]))}, null]::text[]`),
    plain(inner, (of) => `array[${text(of.pick(["x", '"']))}]::text[]`),
    plain(point, aPoint),
    plain(nested, (of) => `row(array[${aPoint(of)}, null], ${aPoint(of)}, null)::${nested}`),
    plain(boxed, (of) => `row(0, ${anyLabel(of)})::${point}`),
    plain(reach, (of) => `${reach}(${of.pick(["null", "'a'", "''"])}, 'z', '[]')`),
    plain(`${inner}[]`, () => `'{"{a}"}'::${inner}[]`),
  ];
  const [first, ...rest] = rareTypes;
  return {
    all: [first, ...rest, ...own],
    word: {
      sql: "text",
      family: "text",
      index: "btree",
      value: (of) => text(of.pick(["", "a", "ß", "\\N", "Z"])),
    },
    label: ofEnum,
    statements: [
      `create type ${label} as enum (${labels.map(text).join(", ")})`,
      `create domain ${words} as text[] check (cardinality(value) < 10)`,
      `create domain ${inner} as ${words} not null default '{}' check (value[1] is distinct from 'never')`,
      `create type ${point} as (x float8, "l L" ${label})`,
      `create type ${nested} as (points ${point}[], one ${point}, words ${words})`,
      `create domain ${boxed} as ${point} check ((value).x is null or (value).x >= 0)`,
      `create type ${reach} as range (subtype = text, collation = "C")`,
    ],
  };
}
