/** Tables of shapes that few have: without columns, of a type, of hundreds of columns, partitioned by whatever can be. */
import type { ColumnType } from "./column-types.ts";
import { randomRow, takingValues } from "./columns.ts";
import { placed, run, type Column, type World } from "./world.ts";

export interface KeyTypes {
  readonly word: ColumnType;
  readonly label: ColumnType;
}

export function rareTables(world: World, keys: KeyTypes): void {
  const { dice } = world;
  wideTable(world);
  if (dice.chance(40)) withoutColumns(world);
  if (dice.chance(40)) ofType(world);
  if (dice.chance(30)) manyColumns(world);
  if (dice.chance(70)) partitioned(world, keys);
  if (dice.chance(40)) computed(world);
}

/** Every column of another rare type; arrays of the types of the tenant as well. */
function wideTable(world: World): void {
  const { dice, names, types } = world;
  const { schema, name } = placed(world, "rare_table");
  const columns: Column[] = dice
    .some(types, 35)
    .map((type) => ({ name: names.next("rare_column"), type, isGenerated: false }));
  const definitions = columns.map(({ name: column, type }) => `${column} ${type.sql}`);
  run(world, `create table ${name} (${definitions.join(", ")})`);
  const rows = columns.length === 0 ? 0 : dice.between(1, 12);
  const nullable = columns.map((column) => ({ ...column, mayBeNull: !/domain/.test(column.type.sql) }));
  for (let row = 0; row < rows; row += 1)
    run(world, `insert into ${name} (${takingValues(columns)}) values (${randomRow(dice, nullable)})`);
  for (const { name: column, type } of columns) {
    if (type.index === null || !dice.chance(15) || (type.index === "btree" && type.sql.startsWith("numeric")))
      continue;
    run(world, `create index ${names.next("rare_index")} on ${name} using ${type.index} (${column})`);
  }
  world.tables.push({ schema, name, columns, key: null, rows, kind: "table" });
}

/** Rows without columns are counted all the same. */
function withoutColumns(world: World): void {
  const { dice } = world;
  const { name } = placed(world, "rare_nothing");
  run(world, `create table ${name} ()`);
  for (let row = dice.between(0, 5); row > 0; row -= 1) run(world, `insert into ${name} default values`);
}

function ofType(world: World): void {
  const { dice, names } = world;
  const { schema, name } = placed(world, "rare_typed");
  const type = `${schema}.${names.next("rare_row_type")}`;
  run(
    world,
    `create type ${type} as (id integer, "two words" text, more numeric(5,2)[])`,
    `create table ${name} of ${type} (primary key (id), "two words" with options default 'none' check ("two words" <> 'never'))`,
    `insert into ${name} select i, null, array[i, null] from generate_series(1, ${String(dice.between(1, 9))}) i`,
  );
}

function manyColumns(world: World): void {
  const { dice } = world;
  const { name } = placed(world, "rare_wide");
  const columns = Array.from({ length: dice.between(200, 400) }, (_, index) => `c${String(index)} smallint`);
  run(
    world,
    `create table ${name} (${columns.join(", ")})`,
    `insert into ${name} (c0, c199) select i, -i from generate_series(1, 4) i`,
    `alter table ${name} drop column c7, drop column c100, add column c7 text default 'again'`,
  );
}

interface Partitioning {
  readonly key: string;
  readonly how: "hash" | "list" | "range";
}

interface RareParted {
  readonly schema: string;
  readonly name: string;
  readonly by: Partitioning;
}

function makeParts(world: World, { schema, name, by }: RareParted): void {
  const { names } = world;
  const part = (what: string): string => `${schema}.${names.next(what)}`;
  switch (by.how) {
    case "hash":
      run(
        world,
        `create table ${part("rare_h")} partition of ${name} for values with (modulus 2, remainder 0)`,
        `create table ${part("rare_h")} partition of ${name} (w default 'of the part', constraint ${names.next("rare_check")} check (n > -5)) for values with (modulus 4, remainder 1)`,
        `create table ${part("rare_h")} partition of ${name} for values with (modulus 4, remainder 3) with (fillfactor = 50)`,
      );
      break;
    case "list":
      run(
        world,
        by.key === "b"
          ? `create table ${part("rare_true")} partition of ${name} for values in (true)`
          : `create table ${part("rare_few")} partition of ${name} for values in ('', 'Größe')`,
        `create table ${part("rare_rest")} partition of ${name} default`,
      );
      break;
    case "range":
      run(
        world,
        `create table ${part("rare_past")} partition of ${name} for values from (minvalue, minvalue) to ('2026-01-01', 'b')`,
        `create table ${part("rare_now")} partition of ${name} for values from ('2026-01-01', 'b') to ('2026-01-01', 'ü')`,
        `create table ${part("rare_rest")} partition of ${name} default`,
      );
  }
}

/** By hash of a text or an enum, by lists of booleans or labels, by ranges of two keys; with a key of its own and one that refers to it. */
function partitioned(world: World, { word, label }: KeyTypes): void {
  const { dice, names } = world;
  const { schema, name } = placed(world, "rare_parted");
  const part = (what: string): string => `${schema}.${names.next(what)}`;
  const by = dice.pick<Partitioning>([
    { key: "w", how: "hash" },
    { key: "l", how: "hash" },
    { key: "w, l", how: "hash" },
    { key: "b", how: "list" },
    { key: "l", how: "list" },
    { key: "d, w", how: "range" },
  ]);
  run(
    world,
    `create table ${name} (n integer not null, w text collate "C" not null default 'a', l ${label.sql} not null, b boolean not null, d date not null, rest text,
       constraint ${names.next("rare_key")} primary key (n, w, l, b, d)) partition by ${by.how} (${by.key})`,
  );
  makeParts(world, { schema, name, by });
  const rows = dice.between(1, 20);
  for (let row = 1; row <= rows; row += 1) {
    const day = dice.pick(["'2025-12-31'", "'2026-01-01'", "'infinity'", "'4713-01-01 BC'"]);
    run(
      world,
      `insert into ${name} (n, w, l, b, d, rest) values (${String(row)}, ${word.value(dice)}, ${label.value(dice)}, ${dice.pick(["true", "false"])}, ${day}, null)`,
    );
  }
  if (dice.chance(50)) {
    const referring = part("rare_referring");
    run(
      world,
      `create table ${referring} (n integer, w text collate "C", l ${label.sql}, b boolean, d date, foreign key (n, w, l, b, d) references ${name} on update cascade on delete set null)`,
      `insert into ${referring} select n, w, l, b, d from ${name} where n % 2 = 0`,
    );
  }
  const watch = part("rare_watch");
  if (dice.chance(40))
    run(
      world,
      `create function ${watch}() returns trigger language plpgsql as $f$ begin return null; end $f$`,
      `create trigger ${names.next("rare_trigger")} after insert or update of rest on ${name} for each row when (new.n > 3) execute function ${watch}('x')`,
    );
}

/** Generated columns of several types, over others of several types. */
function computed(world: World): void {
  const { dice, names } = world;
  const { name } = placed(world, "rare_computed");
  run(
    world,
    `create table ${name} (
       a numeric, t text, s text generated always as (coalesce(t, 'NULL') || '/' || octet_length(t)) stored,
       n numeric(20,5) generated always as (a * 1.5 + 0.00001) stored, f double precision generated always as (a::float8 / 3) stored,
       l numeric[] generated always as (array[a, null, 1.50]) stored, z integer default 5)`,
    `insert into ${name} (a, t) values (1.10, 'é'), (null, ''), ('NaN', null), (-0.00, 'y')`,
  );
  if (dice.chance(50)) run(world, `create unique index ${names.next("rare_index")} on ${name} (s, z)`);
}
