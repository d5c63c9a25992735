/** Who owns what and who may do what, what is said about it, and what stands beside tables. */
import { text } from "./quoting.ts";
import { placed, run, type Table, type World } from "./world.ts";

export function randomRights(world: World, table: Table): void {
  const { dice, names, roles } = world;
  if (dice.chance(40))
    run(
      world,
      `grant ${dice.pick(["select", "insert, delete", "all"])} on ${table.name} to ${dice.pick(roles)}${dice.chance(30) ? " with grant option" : ""}`,
    );
  if (dice.chance(20)) run(world, `grant select on ${table.name} to public`);
  const [column] = table.columns;
  if (column !== undefined && dice.chance(30))
    run(
      world,
      `grant update (${column.name}), references (${column.name}) on ${table.name} to ${dice.pick(roles)}`,
    );
  if (dice.chance(40)) run(world, `alter table ${table.name} owner to ${dice.pick(roles)}`);
  if (dice.chance(10)) run(world, `revoke all on ${table.name} from current_user`);
  if (dice.chance(50))
    run(
      world,
      `comment on table ${table.name} is ${text(dice.pick(["it's ünïcödé\nover lines", "--", "\\.", " "]))}`,
    );
  if (column !== undefined && dice.chance(30))
    run(world, `comment on column ${table.name}.${column.name} is 'a "column"'`);
  if (dice.chance(30)) {
    run(world, `alter table ${table.name} enable row level security`);
    if (dice.chance(50)) run(world, `alter table ${table.name} force row level security`);
    const seen =
      column === undefined ? "true" : `${column.name}::text in ('a', 'b') or ${column.name} is null`;
    const policy = names.next("policy");
    run(
      world,
      dice.chance(60)
        ? `create policy ${policy} on ${table.name} as ${dice.pick(["permissive", "restrictive"])} for ${dice.pick(["all", "update"])} to ${dice.pick(roles)} using (${seen}) with check (${seen} and current_user <> 'nobody')`
        : `create policy ${policy} on ${table.name} for select using (current_setting('app.tenant', true) = 'x' or ${seen})`,
      `comment on policy ${policy} on ${table.name} is 'rows of one''s own'`,
    );
  }
}

export function randomSequence(world: World): void {
  const { dice, roles } = world;
  const { name } = placed(world, "sequence");
  run(
    world,
    `create sequence ${name} as ${dice.pick(["bigint", "integer"])} increment ${dice.pick(["1", "7", "-3"])} minvalue -100000 maxvalue 100000 start 5 cache ${dice.pick(["1", "20"])}${dice.chance(30) ? " cycle" : ""}`,
  );
  if (dice.chance(60))
    run(
      world,
      `select setval('${name.replaceAll("'", "''")}', ${String(dice.between(-100, 100))}, ${dice.chance(50) ? "true" : "false"})`,
    );
  if (dice.chance(30)) run(world, `grant usage on sequence ${name} to ${dice.pick(roles)}`);
}

export function randomLargeObjects(world: World): void {
  const { dice, roles } = world;
  for (let oid = 50_000; oid < 50_000 + dice.between(0, 4); oid += 1) {
    const id = String(oid);
    run(
      world,
      `select lo_from_bytea(${id}, decode(repeat(md5('${id}'), ${String(dice.pick([0, 1, 127, 128, 1000]))}), 'hex'))`,
    );
    // With a hole before it.
    if (dice.chance(30)) run(world, String.raw`select lo_put(${id}, 100000, '\xff00')`);
    if (dice.chance(40)) run(world, `alter large object ${id} owner to ${dice.pick(roles)}`);
    if (dice.chance(40)) run(world, `grant select on large object ${id} to ${dice.pick(roles)}`);
    if (dice.chance(40)) run(world, `comment on large object ${id} is 'an object''s comment'`);
  }
}

export function randomPublication(world: World): void {
  const { dice, names, tables } = world;
  // Unlogged ones, which cannot be published, have no key.
  const table = tables.find(({ key }) => key !== null);
  const publication = names.next("publication");
  if (dice.chance(50) || table === undefined)
    run(world, `create publication ${publication} with (publish = 'insert, update')`);
  else run(world, `create publication ${publication} for table ${table.name}`);
}

export function randomDefaults({ dice, schemas, roles, statements }: World): void {
  for (const schema of schemas) {
    if (dice.chance(50))
      statements.push(
        `grant usage${dice.chance(50) ? ", create" : ""} on schema ${schema} to ${dice.pick(roles)}`,
      );
    if (dice.chance(40))
      statements.push(
        `alter default privileges for role ${dice.pick(roles)} in schema ${schema} grant select on tables to ${dice.pick(roles)}`,
      );
    if (dice.chance(30)) statements.push(`alter schema ${schema} owner to ${dice.pick(roles)}`);
    if (dice.chance(40)) statements.push(`comment on schema ${schema} is 'schema''s comment'`);
  }
  if (dice.chance(30))
    statements.push(
      `alter default privileges for role ${dice.pick(roles)} revoke execute on functions from public`,
    );
}
