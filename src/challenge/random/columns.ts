import type { Dice } from "./dice.ts";
import type { Column, World } from "./world.ts";

export interface DefinedColumn extends Column {
  /** As it stands in CREATE TABLE. */
  readonly definition: string;
  readonly mayBeNull: boolean;
}

/** Random columns with defaults and NOT NULL, a generated one now and then. */
export function randomColumns(world: World, atMost: number): DefinedColumn[] {
  const { dice, names } = world;
  const columns = Array.from({ length: dice.between(1, atMost) }, () => {
    const type = dice.pick(world.types);
    const name = names.next("column");
    const mayBeNull = !dice.chance(25);
    const parts = [
      `${name} ${type.sql}`,
      dice.chance(25) ? `default ${dice.chance(20) ? "null" : `(${type.value(withoutQueries(dice))})`}` : "",
      mayBeNull ? "" : "not null",
    ];
    const definition = parts.filter((part) => part !== "").join(" ");
    return { name, type, definition, mayBeNull, isGenerated: false };
  });
  const of = columns.find(({ type }) => type.family === "text" || type.family === "integer");
  if (of === undefined || !dice.chance(30)) return columns;
  return [...columns, generatedFrom(world, of)];
}

/** A default may not hold a subquery, and the long texts do. */
function withoutQueries(dice: Dice): Dice {
  return { ...dice, chance: () => false };
}

function generatedFrom({ dice, names, types }: World, of: Column): DefinedColumn {
  const name = names.next("column");
  const [type] = types;
  const expression =
    of.type.family === "text"
      ? dice.pick([`length(${of.name})`, `coalesce(octet_length(${of.name}), -1)`, `ascii(${of.name}) + 1`])
      : dice.pick([
          `(${of.name}::numeric % 7)::integer`,
          `case when ${of.name} in (1, 2, 3) then 1 else 0 end`,
          `(${of.name} is null)::integer`,
        ]);
  const definition = `${name} integer generated always as (${expression}) stored`;
  return {
    name,
    type: { ...type, family: "other", index: "btree", sql: "integer" },
    definition,
    mayBeNull: true,
    isGenerated: true,
  };
}

/** One row of values for the columns that take some. */
export function randomRow(
  dice: Dice,
  columns: readonly (Column & { readonly mayBeNull?: boolean })[],
): string {
  const values = columns
    .filter(({ isGenerated }) => !isGenerated)
    .map(({ type, mayBeNull }) => (mayBeNull === true && dice.chance(20) ? "null" : type.value(dice)));
  return values.join(", ");
}

export function takingValues(columns: readonly Column[]): string {
  return columns
    .filter(({ isGenerated }) => !isGenerated)
    .map(({ name }) => name)
    .join(", ");
}
