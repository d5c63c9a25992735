/** The independent comparison finds every sort of difference that is planted, and none where there is none. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { sqlOf } from "../corner/corner-case.ts";
import { differences } from "../support/independent-comparison.ts";
import { placeOf } from "../support/independent-place.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";

const base = `
  create schema s;
  create type s.colour as enum ('red', 'blue');
  create domain s.small as int check (value < 10);
  create table s.item (id int primary key, v text default 'x', c s.colour, n numeric(8,2), g int generated always as (id * 2) stored);
  insert into s.item (id, v, n) select n, 'v' || n, n / 3.0 from generate_series(1, 100) n;
  create table s.bare ();
  insert into s.bare default values;
  create table s.parent (id int) partition by range (id);
  create table s.low partition of s.parent for values from (0) to (10);
  create table s.high partition of s.parent for values from (10) to (20);
  insert into s.parent select generate_series(0, 19);
  create sequence s.ticket;
  select nextval('s.ticket');
  create view s.seen as select id from s.item where id > 5;
  create materialized view s.kept as select count(*) as n from s.item;
  create index item_v on s.item (v);
  create function s.f(a int) returns int language sql immutable as 'select a + 1';
  create function s.fires() returns trigger language plpgsql as 'begin return new; end';
  create trigger t before insert on s.item for each row execute function s.fires();
  create policy p on s.item using (id > 0);
  create extension hstore schema s;
  create publication pub for table s.item;
  select lo_from_bytea(5001, '\\x0102');
  alter table s.item add constraint later check (id > 0) not valid;
  create statistics s.st on id, v from s.item;
  grant select on s.item to corner_reader;
`;

/** What is done to the second database, and what the comparison must then say. */
const planted: readonly (readonly [string, string, RegExp])[] = [
  ["a changed value", "update s.item set v = v || ' ' where id = 50", /^rows of s\.item/],
  ["a lost row", "delete from s.item where id = 100", /^rows of s\.item/],
  [
    "null in place of nothing",
    "update s.item set v = '' where id = 1; update s.item set v = null where id = 2",
    /^rows of s\.item/,
  ],
  ["a doubled row", "insert into s.low select 3", /^rows of s\.low/],
  ["a row in a table without columns", "insert into s.bare default values", /^rows of s\.bare/],
  ["an emptied table", "truncate s.high", /^rows of s\.high/],
  ["a trailing zero", "alter table s.item alter column n type numeric(8,3)", /^column/],
  ["a lost table", "drop table s.bare", /^relation/],
  ["a lost column default", "alter table s.item alter column v drop default", /^dump/],
  ["a sequence that ran on", "select nextval('s.ticket')", /^rows of s\.ticket/],
  ["a sequence called in place of not called", "select setval('s.ticket', 1, false)", /^rows of s\.ticket/],
  ["another view", "create or replace view s.seen as select id from s.item where id > 6", /^dump/],
  [
    "a stale materialised view",
    "insert into s.item (id) values (101); refresh materialized view s.kept; delete from s.item where id = 101",
    /^rows of s\.kept/,
  ],
  ["an unpopulated materialised view", "refresh materialized view s.kept with no data", /^relation/],
  ["a lost index", "drop index s.item_v", /^index/],
  [
    "another function",
    "create or replace function s.f(a int) returns int language sql immutable as 'select a + 2'",
    /^function/,
  ],
  ["a function's setting", "alter function s.f(int) set search_path = s", /^function/],
  ["a disabled trigger", "alter table s.item disable trigger t", /^trigger/],
  ["row security switched on", "alter table s.item enable row level security", /^relation/],
  ["a lost policy", "drop policy p on s.item", /^object|^dump/],
  ["an extension that is gone", "drop extension hstore", /^extension/],
  ["a lost publication", "drop publication pub", /^object/],
  ["a large object's bytes", "select lo_put(5001, 1, '\\x03')", /^large object/],
  ["a large object's owner", "alter large object 5001 owner to corner_owner", /^large object/],
  ["a large object's comment", "comment on large object 5001 is 'x'", /^large object/],
  ["a lost large object", "select lo_unlink(5001)", /^large object/],
  ["a validated constraint", "alter table s.item validate constraint later", /^constraint/],
  ["lost statistics", "drop statistics s.st", /^object/],
  ["a lost grant", "revoke select on s.item from corner_reader", /^relation/],
  ["a grant on a column", "grant update (v) on s.item to corner_reader", /^column/],
  ["another owner", "alter table s.item owner to corner_owner", /^relation/],
  ["a comment", "comment on column s.item.v is 'x'", /^dump/],
  ["one more label", "alter type s.colour add value 'green'", /^type/],
  ["another domain check", "alter domain s.small drop constraint small_check", /^constraint/],
  [
    "default privileges",
    "alter default privileges in schema s grant select on tables to corner_reader",
    /^object/,
  ],
  ["a setting of the database", "alter database second set work_mem = '5MB'", /^setting/],
  [
    "a setting of a role in the database",
    "alter role corner_reader in database second set work_mem = '5MB'",
    /^setting/,
  ],
  ["an open door", "revoke connect on database second from public", /^database/],
  ["a connection limit", "alter database second connection limit 3", /^database/],
  ["a comment on the database", "comment on database second is 'x'", /^database/],
  ["an unlogged table", "alter table s.low set unlogged", /^relation/],
  ["a detached partition", "alter table s.parent detach partition s.high", /^relation/],
];

describe("the independent comparison", () => {
  let server: PrivateServer;

  beforeAll(async () => {
    server = await startTestServer();
    await psql(server, "postgres", sqlOf("roles.sql"));
    for (const name of ["first", "template_second"]) {
      await createDatabase(server, name);
      await psql(server, name, base);
    }
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function plant(sql: string): Promise<string[]> {
    await psql(server, "postgres", "drop database if exists second");
    await createDatabase(server, "second", "template template_second");
    await psql(server, "second", sql);
    return differences(placeOf(server, "first"), placeOf(server, "second"));
  }

  it("finds nothing between equals", async () => {
    expect(await plant("select 1")).toEqual([]);
  });

  it("asks nothing of the order of rows", async () => {
    expect(
      await plant(
        "create table s.x as table s.low; truncate s.low; insert into s.low select * from s.x order by id desc; drop table s.x",
      ),
    ).toEqual([]);
  });

  it.for(planted)("finds %s", async ([, sql, words]) => {
    const found = await plant(sql);
    expect(found.filter((difference) => words.test(difference))).not.toEqual([]);
  });

  it("leaves out what is to be ignored, and nothing else", async () => {
    await plant("create schema noise; create table noise.t (id int)");
    const places = [placeOf(server, "first"), placeOf(server, "second")] as const;
    expect(await differences(...places, { ignoredSchemas: ["noise"] })).toEqual([]);
    expect(await differences(...places, { schemas: ["s"] })).toEqual([]);
    expect(await differences(...places, { schemas: ["noise"] })).not.toEqual([]);
  });
});
