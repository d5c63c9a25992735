import type { Dice } from "./dice.ts";
import { namesFrom } from "./names.ts";
import { rareObjects } from "./rare-objects.ts";
import { rareTables } from "./rare-tables.ts";
import { madeOfTypes } from "./rare-types.ts";
import { randomRights } from "./rights.ts";
import { run, type World } from "./world.ts";

/** Types, tables and objects that few tenants have, beside those of `world`. */
export function randomRarities({ roles, schemas, enumType, statements }: World, dice: Dice): void {
  const names = namesFrom(dice);
  const types = madeOfTypes(names, schemas[0]);
  const world: World = {
    dice,
    names,
    roles,
    schemas,
    enumType,
    statements,
    types: types.all,
    tables: [],
    views: [],
  };
  run(world, ...types.statements);
  rareTables(world, types);
  for (const table of world.tables) randomRights(world, table);
  rareObjects(world);
}
