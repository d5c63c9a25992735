/** Tables that belong together: partitions on up to three levels, and inheritance. */
import { type DefinedColumn, randomColumns, randomRow, takingValues } from "./columns.ts";
import { placed, run, type Column, type World } from "./world.ts";

const integer = (name: string): Column => ({
  name,
  type: {
    sql: "integer",
    family: "integer",
    index: "btree",
    value: (dice) => String(dice.between(-150, 150)),
  },
  isGenerated: false,
});

const letters = ["a", "b", "ß", "it''s"] as const;
const letter = (name: string): Column => ({
  name,
  type: { sql: "varchar(10)", family: "text", index: "btree", value: (dice) => `'${dice.pick(letters)}'` },
  isGenerated: false,
});

const strategies = ["range", "list", "hash", "hash of an enum", "expression"] as const;
type Strategy = (typeof strategies)[number];

/** A partitioned table before it is made. */
interface Parted {
  readonly schema: string;
  readonly name: string;
  readonly strategy: Strategy;
  readonly number: Column;
  readonly word: Column;
  readonly color: Column;
  /** The definitions of these three. */
  readonly definitions: readonly string[];
  readonly more: readonly DefinedColumn[];
}

/** Partitioned by range, list or hash; a partition may be partitioned again, or attached with its columns in another order. */
export function randomPartitions(world: World): void {
  const { dice, names, enumType } = world;
  const { schema, name } = placed(world, "parted");
  const [number, word, color] = [
    integer(names.next("n")),
    letter(names.next("s")),
    { ...integer(names.next("e")), type: enumType },
  ];
  const more = randomColumns(world, 4);
  const definitions = [number, word, color].map((column) => `${column.name} ${column.type.sql}`);
  const strategy = dice.pick(strategies);
  const table: Parted = { schema, name, strategy, number, word, color, definitions, more };
  makeParts(world, table);
  const columns = [number, word, color, ...more];
  const rows = dice.between(0, 30);
  for (let row = 0; row < rows; row += 1)
    run(
      world,
      `insert into ${name} (${takingValues(columns)}) values (${randomRow(dice, [{ ...number, mayBeNull: strategy === "list" }, { ...word, mayBeNull: strategy === "range" || strategy === "hash" }, { ...color, mayBeNull: true }, ...more])})`,
    );
  dressParted(world, table);
  world.tables.push({ schema, name, columns, key: null, rows, kind: "partitioned" });
}

/** The table and its partitions. */
function makeParts(
  world: World,
  { schema, name, strategy, number, word, color, definitions, more }: Parted,
): void {
  const body = [...definitions, ...more.map(({ definition }) => definition)].join(", ");
  const part = (word_: string): string => `${schema}.${world.names.next(word_)}`;
  switch (strategy) {
    case "range": {
      const [low, high, rest] = [part("low"), part("high"), part("rest")];
      run(
        world,
        `create table ${name} (${body}) partition by range (${number.name})`,
        `create table ${low} partition of ${name} for values from (minvalue) to (0)`,
        `create table ${high} partition of ${name} for values from (0) to (100) partition by list (${word.name})`,
        `create table ${part("ab")} partition of ${high} for values in ('a', 'b', null)`,
        `create table ${part("others")} partition of ${high} default`,
        `create table ${rest} partition of ${name} default`,
      );
      break;
    }
    case "list": {
      const attached = part("attached");
      run(
        world,
        `create table ${name} (${body}) partition by list (${word.name})`,
        `create table ${part("a")} partition of ${name} for values in ('a')`,
        // In another order than its parent.
        `create table ${attached} (${[...more.filter(({ isGenerated }) => !isGenerated).map(({ definition }) => definition), ...definitions.toReversed(), ...more.filter(({ isGenerated }) => isGenerated).map(({ definition }) => definition)].join(", ")})`,
        `alter table ${name} attach partition ${attached} for values in ('b', 'ß')`,
        `create table ${part("rest")} partition of ${name} default`,
      );
      break;
    }
    case "hash":
    case "hash of an enum": {
      const by = strategy === "hash" ? number.name : color.name;
      run(world, `create table ${name} (${body}) partition by hash (${by})`);
      for (const remainder of [0, 1, 2])
        run(
          world,
          `create table ${part("h")} partition of ${name} for values with (modulus 3, remainder ${String(remainder)})`,
        );
      break;
    }
    case "expression":
      run(
        world,
        `create table ${name} (${body}) partition by range ((${number.name} % 10), ${word.name})`,
        `create table ${part("few")} partition of ${name} for values from (minvalue, minvalue) to (3, 'm')`,
        `create table ${part("many")} partition of ${name} default`,
      );
      break;
  }
}

/** An index, one of an expression and for some rows only, and a check: each by chance. */
function dressParted(world: World, { name, number, word }: Parted): void {
  const { dice, names } = world;
  if (dice.chance(50)) run(world, `create index on ${name} (${number.name})`);
  if (dice.chance(30))
    run(
      world,
      `create index ${names.next("index")} on ${name} (lower(${word.name})) where ${word.name} in ('a', 'b')`,
    );
  if (dice.chance(30))
    run(world, `alter table ${name} add constraint ${names.next("check")} check (${number.name} < 100000)`);
}

/** A parent, a child that adds a column and gives one another default, and a grandchild of both it and a stranger. */
export function randomInheritance(world: World): void {
  const { dice, names } = world;
  const { schema, name } = placed(world, "parent");
  const [number, word] = [integer(names.next("n")), letter(names.next("s"))];
  const extra = randomColumns(world, 2).filter(({ isGenerated }) => !isGenerated);
  const [child, stranger, grandchild] = ["child", "stranger", "grandchild"].map(
    (one) => `${schema}.${names.next(one)}`,
  );
  if (child === undefined || stranger === undefined || grandchild === undefined)
    throw new RangeError("three names were asked for");
  const other = names.next("o");
  run(
    world,
    `create table ${name} (${number.name} integer default 1 constraint ${names.next("check")} check (${number.name} > -1000), ${word.name} varchar(10) check (${word.name} in ('a', 'b', 'ß', 'it''s')))`,
    `create table ${child} (${extra.map(({ definition }) => definition).join(", ")}) inherits (${name})`,
    `alter table ${child} alter ${number.name} set default 2`,
    `create table ${stranger} (${other} boolean default true, ${word.name} varchar(10))`,
    `create table ${grandchild} () inherits (${child}, ${stranger})`,
  );
  const insert = (into: string, columns: readonly Column[]): string =>
    `insert into ${into} (${takingValues(columns)}) values (${randomRow(dice, columns)})`;
  for (let row = dice.between(0, 8); row > 0; row -= 1) {
    run(
      world,
      insert(name, [number, word]),
      insert(child, [number, word, ...extra]),
      insert(grandchild, [number, word, ...extra]),
    );
  }
  if (dice.chance(40)) run(world, `alter table ${name} add column ${names.next("late")} integer default 3`);
  if (dice.chance(30))
    run(
      world,
      `alter table ${stranger} add constraint ${names.next("check")} check (${other} is not null) no inherit`,
    );
  world.tables.push({ schema, name, columns: [number, word], key: null, rows: 0, kind: "parent" });
}
