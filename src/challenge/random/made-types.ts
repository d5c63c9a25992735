import { columnTypes, type ColumnType } from "./column-types.ts";
import type { Dice } from "./dice.ts";
import type { Names } from "./names.ts";
import { text } from "./quoting.ts";

interface MadeTypes {
  readonly enumType: ColumnType;
  readonly all: readonly [ColumnType, ...ColumnType[]];
  readonly statements: readonly string[];
}

/** An enum, domains, a composite and a range type in the schema, and arrays of some of them. */
export function madeTypes(dice: Dice, names: Names, schema: string): MadeTypes {
  const made = (word: string): string => `${schema}.${names.next(word)}`;
  const [color, positive, code, pair, span] = ["enum", "domain", "domain", "composite", "range"].map(made);
  if (
    color === undefined ||
    positive === undefined ||
    code === undefined ||
    pair === undefined ||
    span === undefined
  )
    throw new RangeError("five names were asked for");
  const labels = ["first", "zweite ß", "it's", "last"] as const;
  const anyLabel = (of: Dice): string => `${text(of.pick(labels))}::${color}`;
  const base = (sql: string, family: ColumnType["family"], value: (of: Dice) => string): ColumnType => ({
    sql,
    family,
    value,
    index: "btree",
  });
  const enumType = base(color, "other", anyLabel);
  const all: ColumnType[] = [
    enumType,
    base(positive, "integer", (of) => String(of.between(1, 1000))),
    base(code, "text", (of) => text(of.pick(["a", "b", "c"]))),
    base(
      pair,
      "other",
      (of) =>
        `row(${String(of.below(100))}, ${text(of.pick(["", "x,y", 'q"q', "()"]))}, ${anyLabel(of)})::${pair}`,
    ),
    {
      ...base(span, "other", (of) => `${span}(${String(of.between(-5, 0))}, ${String(of.between(1, 9))})`),
      index: "gist",
    },
    { ...base(`${color}[]`, "other", (of) => `array[${anyLabel(of)}, null]::${color}[]`), index: null },
    { ...base(`${pair}[]`, "other", (of) => `array[row(1, 'a"b', ${anyLabel(of)})::${pair}]`), index: null },
  ];
  const [first] = columnTypes;
  return {
    enumType,
    all: [first, ...columnTypes.slice(1), ...all],
    statements: [
      `create type ${color} as enum (${labels.map(text).join(", ")})`,
      `create domain ${positive} as integer default 7 constraint over_zero check (value > 0) check (value < 1000000)`,
      // The server spells this one anew.
      `create domain ${code} as varchar(10) default 'a' check (value in ('a', 'b', 'c'))`,
      `create type ${pair} as (n integer, "T t" text, e ${color})`,
      `create type ${span} as range (subtype = integer)`,
      ...(dice.chance(50) ? [`comment on type ${pair} is 'a pair of ''three'''`] : []),
      ...(dice.chance(50) ? [`alter type ${color} add value 'between' after 'first'`] : []),
    ],
  };
}
