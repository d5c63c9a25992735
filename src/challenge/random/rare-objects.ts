/** What few schemas hold beside tables: wrappers, event triggers, text search, casts, conversions, privileges on what is the system's. */
import { placed, run, type World } from "./world.ts";

export function rareObjects(world: World): void {
  const { dice } = world;
  for (const add of [wrapper, eventTrigger, textSearch, operators, remarks, ofSystem, materialised])
    if (dice.chance(40)) add(world);
}

/** Their names begin with `far`, by which a machine without walls knows what to leave out. */
function wrapper(world: World): void {
  const { dice, names, roles } = world;
  const [wrap, server] = [names.next("far_wrapper"), names.next("far_server")];
  const table = placed(world, "far_table").name;
  run(
    world,
    `create foreign data wrapper ${wrap} options ("an option" 'it''s')`,
    `create server ${server} type 'x' version '1.5' foreign data wrapper ${wrap} options (host 'a b', port '''5''')`,
    `create user mapping for ${dice.pick([...roles, "public"])} server ${server} options (password 's''e\\c"ret')`,
    `create foreign table ${table} (id integer options (k 'v') not null, t text collate "C" default 'x', check (id > 0)) server ${server} options ("table" 'T')`,
    `grant usage on foreign server ${server} to ${dice.pick(roles)} with grant option`,
    `grant usage on foreign data wrapper ${wrap} to ${dice.pick(roles)}`,
    `comment on server ${server} is 'far away'`,
    `create view ${placed(world, "far_view").name} as select id from ${table} where t in ('a', 'b')`,
  );
}

function eventTrigger(world: World): void {
  const { dice, names } = world;
  const call = placed(world, "far_watch").name;
  const trigger = names.next("far_trigger");
  run(
    world,
    `create function ${call}() returns event_trigger language plpgsql as $f$ begin null; end $f$`,
    `create event trigger ${trigger} on ${dice.pick(["ddl_command_start", "ddl_command_end", "sql_drop"])} when tag in ('DROP TABLE', 'DROP VIEW') execute function ${call}()`,
    `alter event trigger ${trigger} ${dice.pick(["enable", "enable always", "enable replica", "disable"])}`,
    `comment on event trigger ${trigger} is 'looks on'`,
  );
}

function textSearch(world: World): void {
  const dictionary = placed(world, "rare_dictionary").name;
  const configuration = placed(world, "rare_words").name;
  run(
    world,
    `create text search dictionary ${dictionary} (template = pg_catalog.simple, stopwords = 'english', accept = false)`,
    `create text search configuration ${configuration} (copy = pg_catalog.english)`,
    `alter text search configuration ${configuration} alter mapping for asciiword, word with ${dictionary}, pg_catalog.simple`,
    `alter text search configuration ${configuration} drop mapping for url`,
    `comment on text search configuration ${configuration} is 'words'`,
  );
}

function operators(world: World): void {
  const { dice, schemas, names } = world;
  const schema = dice.pick(schemas);
  const [like, weight, type] = [
    names.next("rare_like"),
    names.next("rare_weight"),
    names.next("rare_pair"),
  ].map((name) => `${schema}.${name}`);
  if (like === undefined || weight === undefined || type === undefined) return;
  run(
    world,
    `create type ${type} as (a integer, b text collate "POSIX")`,
    `create function ${like}(${type}, ${type}) returns boolean language sql immutable as $f$ select ($1).a = ($2).a $f$`,
    `create function ${weight}(${type}) returns integer language sql immutable as $f$ select ($1).a $f$`,
    `create operator ${schema}.<~> (function = ${like}, leftarg = ${type}, rightarg = ${type}, commutator = operator(${schema}.<~>), restrict = eqsel, join = eqjoinsel)`,
    `create cast (${type} as integer) with function ${weight}(${type})${dice.pick(["", " as assignment", " as implicit"])}`,
    `create operator class ${schema}.${names.next("rare_class")} for type bigint using btree as
       operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint8cmp(bigint, bigint), function 2 btint8sortsupport(internal)`,
    `create conversion ${schema}.${names.next("rare_conversion")} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
    `create collation ${schema}.${names.next("rare_collation")} from "C"`,
    `create aggregate ${schema}.${names.next("rare_sum")}(integer) (sfunc = int4pl, stype = integer, initcond = '5', msfunc = int4pl, minvfunc = int4mi, mstype = integer, minitcond = '5', parallel = safe)`,
  );
}

/** Comments on what hangs on tables. */
function remarks(world: World): void {
  const { dice, names, schemas } = world;
  const schema = dice.pick(schemas);
  const table = `${schema}.${names.next("rare_remarked")}`;
  const [check, index, policy, rule] = ["rare_check", "rare_index", "rare_policy", "rare_rule"].map((word) =>
    names.next(word),
  );
  if (check === undefined || index === undefined || policy === undefined || rule === undefined) return;
  run(
    world,
    `create table ${table} (n integer, t text, v tsvector, constraint ${check} check (n > 0) no inherit)`,
    `create index ${index} on ${table} using gist (v tsvector_ops (siglen = 100))`,
    `create index on ${table} ((n + 1), lower(t))`,
    `create rule ${rule} as on insert to ${table} where new.n > 100 do also nothing`,
    `create policy ${policy} on ${table} as restrictive for all to public using (n < 10) with check (t = 'x')`,
    `comment on constraint ${check} on ${table} is 'over zero'`,
    `comment on index ${schema}.${index} is E'two\\nlines'`,
    `comment on rule ${rule} on ${table} is ''''`,
    `comment on policy ${policy} on ${table} is 'under ten'`,
  );
}

/** pg_dump tells what of the system's was opened or closed. */
function ofSystem(world: World): void {
  const { dice, roles } = world;
  run(
    world,
    dice.pick([
      "revoke execute on function pg_catalog.pg_sleep(double precision) from public",
      "revoke select on pg_catalog.pg_stats from public",
      "revoke usage on language plpgsql from public",
      "revoke usage on type pg_catalog.circle from public",
    ]),
    `grant execute on function pg_catalog.pg_ls_waldir() to ${dice.pick(roles)}`,
    `grant select (rolname) on pg_catalog.pg_authid to ${dice.pick(roles)}`,
  );
}

/** One over another, with an index by which it can be refreshed while it is read. */
function materialised(world: World): void {
  const { dice, names } = world;
  const [one, other] = [placed(world, "rare_matview").name, placed(world, "rare_matview").name];
  run(
    world,
    `create materialized view ${one} with (fillfactor = 80) as select g as n, md5(g::text) as h, g / 7.0::float8 as f from generate_series(1, 20) g`,
    `create unique index ${names.next("rare_index")} on ${one} (n)`,
    `create materialized view ${other} as select count(*) as n, sum(f) as f from ${one}${dice.chance(30) ? " with no data" : ""}`,
    `comment on materialized view ${other} is 'of another'`,
  );
}
