import type { ColumnType } from "./column-types.ts";
import type { Dice } from "./dice.ts";
import type { Names } from "./names.ts";

/** Every name in here is quoted, and those of relations and types have their schema in front. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly isGenerated: boolean;
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  /** An integer column whose values are 1 to `rows`, unless it is null. */
  readonly key: Column | null;
  readonly rows: number;
  readonly kind: "table" | "partitioned" | "parent";
}

/** What has been made so far; everything is made by appending to it. */
export interface World {
  readonly dice: Dice;
  readonly names: Names;
  readonly roles: readonly [string, ...string[]];
  readonly schemas: readonly [string, ...string[]];
  readonly types: readonly [ColumnType, ...ColumnType[]];
  readonly enumType: ColumnType;
  readonly tables: Table[];
  readonly views: string[];
  readonly statements: string[];
}

export function run(world: World, ...statements: readonly string[]): void {
  world.statements.push(...statements);
}

/** A relation's or function's name with one of the schemas in front. */
export function placed({ dice, names, schemas }: World, word: string): { schema: string; name: string } {
  const schema = dice.pick(schemas);
  return { schema, name: `${schema}.${names.next(word)}` };
}

export function columnsOf(table: Table, ...families: readonly ColumnType["family"][]): Column[] {
  return table.columns.filter(({ type }) => families.includes(type.family));
}
