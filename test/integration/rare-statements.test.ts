/** What databases of others hold that the corner cases do not: backed up, loaded and compared, it is proven. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { installOwnExtension } from "../corner/own-extension.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let scratch: PrivateServer;

beforeAll(async () => {
  [source, scratch] = await Promise.all([startTestServer(), startScratch()]);
});

afterAll(async () => {
  await Promise.all([source[Symbol.asyncDispose](), scratch[Symbol.asyncDispose]()]);
});

async function isProven(name: string, sql: string): Promise<void> {
  await createDatabase(source, name);
  await psql(source, name, sql);
  const { report, checks, verdict } = await provenIn(
    scratch,
    memoryImage(await backupOf(source, name)),
    name,
  );
  expect(report.problems).toEqual([]);
  expect(troubles(checks)).toEqual([]);
  expect(verdict).toBe("proven");
}

it("statements that only a superuser may run, spellings of before, and remarks on what is gone", async () => {
  await isProven(
    "rare",
    `create type unborn; create type "Un; born"; comment on type unborn is 'a mere shell';
     create function helped(int, int) returns setof int language sql support generate_series_int4_support
       as 'select generate_series($1, $2)';
     create view years as select extract('YEAR' from now()) - extract('Month' from now()) as y;
     create subscription dropped connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
     comment on subscription dropped is 'stays behind';
     drop subscription dropped`,
  );
  expect(
    await psql(source, "rare", "select count(*) from pg_description where description = 'stays behind'"),
  ).toBe("1");
});

it("comments that pg_dump reads past: on row types, arrays, multiranges and the rules of views", async () => {
  await isProven(
    "remarked",
    `create table told (id int); comment on type told is 'of a row \\ ''quoted''';
     create materialized view seen as select 1 as n; comment on type seen is 'of a view';
     comment on type told[] is 'of arrays'; create type mood as enum ('fine'); comment on type mood[] is 'of moods';
     comment on rule "_RETURN" on seen is 'of a rule'; create type span as range (subtype = int);
     do $$ begin
       if to_regtype('span_multirange') is not null then comment on type span_multirange is 'of ranges'; end if;
     end $$`,
  );
  const told = await psql(scratch, "remarked", "select obj_description('told'::regtype, 'pg_type')");
  expect(told).toBe("of a row \\ 'quoted'");
});

it("privileges of superusers on what the server brings along, which need none", async () => {
  await isProven(
    "mighty",
    `create role counter; alter function pg_stat_reset() owner to counter;
     revoke all on function pg_stat_reset() from postgres;
     grant select (rolname) on pg_authid to postgres; grant select (rolname) on pg_authid to counter`,
  );
  expect(
    await psql(scratch, "mighty", "select has_column_privilege('counter', 'pg_authid', 'rolname', 'select')"),
  ).toBe("t");
});

it("tables in the schema of an extension and below its tables, views on them, and who made it being gone", async () => {
  using _installed = installOwnExtension(source.binFolder);
  await isProven(
    "placed",
    `create role maker superuser; set role maker; create extension holdfast_place; reset role;
     create table places.town (id int primary key, system int not null);
     insert into places.town values (7, 2);
     create table places_data.town (id int primary key);
     create table places_data.alley (like places_data.street including all) inherits (places_data.street);
     insert into places_data.alley (name) values ('dark');
     create materialized view places_data.known as select name from places.system;
     create materialized view public.facts as select name from places_hidden.fact;
     reassign owned by maker to postgres; drop owned by maker; drop role maker`,
  );
  expect(await psql(scratch, "placed", "show search_path")).toBe('"$user", public, places');
  expect(
    await psql(
      scratch,
      "placed",
      `select coalesce(string_agg(a.text, ' '), '') from pg_init_privs i cross join unnest(i.initprivs::text[]) a(text)
        where a.text ~ '[=/][0-9]'`,
    ),
  ).toBe("");
});
