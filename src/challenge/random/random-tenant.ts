/**
 * Tenants that nobody thought of: schemas and rows made by chance from a seed, to see whether verification ever
 * accuses a backup that is whole. A generator of our own and not fast-check's: the shipped command makes them
 * too, what it reports has to be made again from the number it prints, whatever release of a library is
 * installed, and a schema that shows something is kept whole rather than shrunk.
 */
import type { SampleTenant } from "../damage.ts";
import { randomRarities } from "./rarities.ts";
import { randomFunctions, randomTriggers, randomView } from "./code.ts";
import { diceOf } from "./dice.ts";
import { randomInheritance, randomPartitions } from "./families.ts";
import { randomIndexes } from "./indexes.ts";
import { madeTypes } from "./made-types.ts";
import { namesFrom } from "./names.ts";
import { ident } from "./quoting.ts";
import {
  randomDefaults,
  randomLargeObjects,
  randomPublication,
  randomRights,
  randomSequence,
} from "./rights.ts";
import { randomTable } from "./tables.ts";
import { run, type World } from "./world.ts";

/** The same tenant for the same seed. Needs nothing of its server but PostgreSQL 13 or newer, and no extension. */
export function randomTenant(seed: number): SampleTenant {
  const dice = diceOf(seed);
  const names = namesFrom(dice);
  const role = (word: string): string => ident(`random ${String(seed)} ${word}`);
  const roles = [role("owner"), role("Reader"), role("it's")] as const;
  const schemas = [names.next("schema"), "public", names.next("schema")] as const;
  const made = madeTypes(dice, names, schemas[0]);
  const world: World = {
    dice,
    names,
    roles,
    schemas,
    types: made.all,
    enumType: made.enumType,
    tables: [],
    views: [],
    statements: [],
  };
  run(world, `create schema ${schemas[0]}`, `create schema ${schemas[2]}`, ...made.statements);
  for (let count = dice.between(2, 7); count > 0; count -= 1) randomTable(world);
  for (let count = dice.between(0, 2); count > 0; count -= 1) randomPartitions(world);
  if (dice.chance(60)) randomInheritance(world);
  randomFunctions(world);
  for (const table of world.tables) {
    randomIndexes(world, table);
    randomTriggers(world, table);
  }
  for (let count = dice.between(1, 5); count > 0; count -= 1) randomView(world);
  for (let count = dice.between(0, 3); count > 0; count -= 1) randomSequence(world);
  randomLargeObjects(world);
  if (dice.chance(50)) randomPublication(world);
  for (const table of world.tables) randomRights(world, table);
  randomDefaults(world);
  // Thrown with dice of their own, so that what a seed made before there were these it still makes.
  randomRarities(world, diceOf(seed, "rarities"));
  const [owner, reader, third] = roles;
  return {
    name: `random-${String(seed)}`,
    title: `a tenant made by chance from the seed ${String(seed)}`,
    server: [
      ...roles.map((one) => `create role ${one}`),
      `grant ${reader} to ${owner}`,
      `alter role ${third} connection limit 5`,
    ],
    owner: dice.chance(50) ? owner : null,
    create: `template template0 encoding 'UTF8' locale '${dice.pick(["C", "C.UTF-8"])}'`,
    statements: world.statements,
    database: (name) => [
      `alter database ${name} set timezone = '${dice.pick(["UTC", "Asia/Karachi"])}'`,
      // Settings that would have constants spelt otherwise.
      `alter database ${name} set ${dice.pick(["datestyle = 'German, DMY'", "bytea_output = 'escape'", "intervalstyle = 'sql_standard'", "extra_float_digits = 0", "quote_all_identifiers = on"])}`,
      `alter role ${reader} in database ${name} set statement_timeout = '1min'`,
      `comment on database ${name} is 'random'`,
    ],
  };
}
