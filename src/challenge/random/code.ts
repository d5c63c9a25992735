/** What runs: functions in several languages, triggers, rules, and views of every sort over each other. */
import { placed, run, type Table, type World } from "./world.ts";

export function randomFunctions(world: World): void {
  const { dice } = world;
  const number = placed(world, "twice").name;
  const total = placed(world, "total").name;
  run(
    world,
    `create function ${number}(a integer, b text default 'it''s' || ' so', variadic c integer[] default array[1, 2]) returns integer
       language sql ${dice.pick(["immutable", "stable", "volatile"])} ${dice.pick(["strict", "called on null input"])} parallel safe as $f$ select a * 2 + cardinality(c) $f$`,
    `create function ${total}(out n bigint, out t text) returns setof record language plpgsql cost 7 rows 3 ${dice.pick(["security definer", "security invoker"])} set search_path = '' set work_mem = '5MB'
       as $f$ begin n := 1; t := 'back\\slash ''quoted'' $g$'; return next; end $f$`,
    `create procedure ${placed(world, "procedure").name}(inout a numeric default 1.50) language plpgsql as $f$ begin a := a + 1; end $f$`,
    // From 14 on a function's body can be parsed when it is made; older servers have one of text.
    `do $do$ begin
       if current_setting('server_version_num')::integer >= 140000 then
         execute $make$ create function ${placed(world, "atomic").name}(a varchar) returns boolean language sql stable begin atomic select a in ('a', 'b') or ${number}(1) > 5 or now() > timestamptz '2024-05-05 12:00+02' or decode('ff', 'hex') = bytea '\\xff'; end $make$;
       end if; end $do$`,
  );
  if (dice.chance(50))
    run(
      world,
      `create aggregate ${placed(world, "aggregate").name}(integer) (sfunc = int4pl, stype = integer, initcond = '0')`,
    );
  if (dice.chance(50))
    run(
      world,
      `create operator ${dice.pick(world.schemas)}.@#@ (function = int4mul, leftarg = integer, rightarg = integer, commutator = @#@)`,
    );
}

/** On one table: a row trigger with a condition, a trigger on a statement, and sometimes a constraint trigger. */
export function randomTriggers(world: World, table: Table): void {
  const { dice, names } = world;
  if (table.kind !== "table" || !dice.chance(50)) return;
  const call = `${table.schema}.${names.next("trigger_function")}`;
  run(
    world,
    `create function ${call}() returns trigger language plpgsql as $f$ begin return coalesce(new, old); end $f$`,
  );
  const [column] = table.columns;
  const when = column === undefined ? "" : ` when (old.${column.name} is distinct from new.${column.name})`;
  const isComparable = column !== undefined && column.type.index === "btree" && !column.isGenerated;
  const trigger = names.next("trigger");
  run(
    world,
    `create trigger ${trigger} ${dice.pick(["before", "after"])} update on ${table.name} for each row${isComparable ? when : ""} execute function ${call}('it''s', '\\')`,
  );
  if (dice.chance(40))
    run(
      world,
      `alter table ${table.name} ${dice.pick(["disable", "enable replica", "enable always"])} trigger ${trigger}`,
    );
  if (dice.chance(40))
    run(
      world,
      `create trigger ${names.next("trigger")} after insert on ${table.name} referencing new table as fresh for each statement execute function ${call}()`,
    );
  if (dice.chance(30))
    run(
      world,
      `create constraint trigger ${names.next("trigger")} after insert or delete on ${table.name} deferrable initially deferred for each row execute function ${call}()`,
    );
  if (dice.chance(20))
    run(
      world,
      `create rule ${names.next("rule")} as on delete to ${table.name} where ${column === undefined ? "true" : `old.${column.name} is null`} do also select 1`,
    );
}

/** Over a table or over another view; materialised ones over those, filled or not. */
export function randomView(world: World): void {
  const { dice, names, views, tables } = world;
  const { name } = placed(world, "view");
  const table = dice.pickAny(tables);
  const below = dice.chance(40) ? dice.pickAny(views) : null;
  if (below !== null) {
    const query = dice.pick([
      `select count(*) as n, 'x'::text as t from ${below}`,
      `with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select r.n, b.t from r cross join (select max(v.t) as t from ${below} v) b`,
      `select v.n, v.t from ${below} v where v.t in (select w.t from ${below} w) union select 0, null`,
      `select n, t, row_number() over (partition by t order by n) as place from ${below}`,
    ]);
    run(world, `create view ${name} as ${query}`);
  } else if (table !== null) {
    const [column] = table.columns;
    const shown = column === undefined ? "'none'::text" : `${column.name}::text`;
    const where = dice.pick([
      `${shown} is not null`,
      `${shown} in ('a', 'b', 'c')`,
      `not (${shown} like 'a%' or ${shown} between 'x' and 'y')`,
    ]);
    const options = dice.chance(30) ? " with (security_barrier)" : "";
    run(
      world,
      `create view ${name}${options} as select 1::bigint as n, ${shown} as t, case when ${shown} > 'm' then 1 else 2 end as half from ${table.name} where ${where}`,
    );
    if (dice.chance(20) && options === "" && column?.type.sql === "text")
      run(
        world,
        `create or replace view ${name} as select 1::bigint as n, ${shown} as t, coalesce(nullif(1, 2), 3) as half from ${table.name} where ${where} with local check option`,
      );
  } else return;
  views.push(name);
  if (!dice.chance(50)) return;
  const matview = placed(world, "matview").name;
  run(
    world,
    `create materialized view ${matview} as select n, t, length(t) as length from ${name}${dice.chance(20) ? " with no data" : ""}`,
  );
  if (dice.chance(50)) run(world, `create index ${names.next("index")} on ${matview} (md5(t)) where n > 0`);
  if (dice.chance(40))
    run(
      world,
      `create materialized view ${placed(world, "matview").name} as select count(*) as n from ${matview} with no data`,
    );
}
