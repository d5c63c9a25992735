import { columnsOf, run, type Table, type World } from "./world.ts";

/** Indexes of every method, on columns and expressions, whole and partial; extended statistics. */
export function randomIndexes(world: World, table: Table): void {
  const { dice, names } = world;
  for (const { name, type, isGenerated } of table.columns) {
    if (!dice.chance(35)) continue;
    const index = names.next("index");
    const where = dice.chance(30) ? ` where ${name} is not null` : "";
    switch (type.family) {
      case "text": {
        // Whole it may be too long for a btree.
        const on = dice.pick([
          `using hash (${name})`,
          `(md5(${name}::text))`,
          `(left(lower(${name}::text), 20) text_pattern_ops desc)`,
        ]);
        run(
          world,
          `create index ${index} on ${table.name} ${on}${dice.chance(20) ? ` where ${name} in ('a', 'b')` : where}`,
        );
        break;
      }
      case "integer":
        run(
          world,
          `create index ${index} on ${table.name} ${dice.pick([`(${name} desc nulls last)`, `using brin (${name})`, `using hash (${name})`, `((${name}::numeric % 10), ${name})`])}${where}`,
        );
        break;
      case "number":
      case "time":
      case "other":
        if (type.index === "btree") run(world, `create index ${index} on ${table.name} (${name})${where}`);
        else if (type.index !== null && !isGenerated && table.kind !== "parent")
          run(world, `create index ${index} on ${table.name} using ${type.index} (${name})${where}`);
        break;
    }
  }
  const [key] = table.key === null ? [] : [table.key];
  const [more] = columnsOf(table, "integer", "time");
  if (key !== undefined && more !== undefined && dice.chance(30))
    run(
      world,
      `create unique index ${names.next("unique")} on ${table.name} (${key.name}) include (${more.name}) with (fillfactor = 70)`,
    );
  if (key !== undefined && dice.chance(20))
    run(
      world,
      `alter table ${table.name} add constraint ${names.next("exclude")} exclude using btree (${key.name} with =) where (${key.name} > 0)`,
    );
  const [one, two] = columnsOf(table, "integer", "number", "time");
  if (one !== undefined && two !== undefined && dice.chance(40))
    run(
      world,
      `create statistics ${table.schema}.${names.next("statistics")} on ${one.name}, ${two.name} from ${table.name}`,
    );
}
