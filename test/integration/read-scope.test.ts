/** A backup holds its tenant's tables, all of them, and nothing of its neighbours. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf, textOf } from "../support/read-snapshot.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function database(name: string, sql: string): Promise<string> {
  await createDatabase(server, name);
  await psql(server, name, sql);
  return name;
}

describe("a tenant of schemas", () => {
  it("has its own schemas, whatever they are called, and nothing of the others", async () => {
    const name = await database(
      "shared",
      `create schema "a"; create schema "a*"; create schema "A""b.c";
       create table a.t (x text); insert into a.t values ('neighbour-canary');
       create table "a*".t (x text); insert into "a*".t values ('mine');
       create materialized view "a*".m as select x from "a*".t;
       create table "A""b.c"."T.1" (x text); insert into "A""b.c"."T.1" values ('too');
       create table public.t (x text); insert into public.t values ('neighbour-canary')`,
    );
    const scope = { kind: "schemas", database: name, schemas: ["a*", 'A"b.c'] } as const;
    const backup = await backupOf(server, name, { scope: { ...scope, schemas: [...scope.schemas] } });
    expect(backup.fingerprint.tables.map((table) => `${table.schema}/${table.name}`)).toEqual([
      'A"b.c/T.1',
      "a*/t",
    ]);
    expect(textOf(backup, "a*", "t")).toBe("mine\n");
    expect(textOf(backup, 'A"b.c', "T.1")).toBe("too\n");
    expect(backup.fingerprint.matviews.map((view) => view.schema)).toEqual(["a*"]);
    for (const stream of backup.streams.values()) expect(stream.includes("neighbour-canary")).toBe(false);
  });

  it("fails when one of its schemas is not there, rather than being backed up without it", async () => {
    const name = await database("half", "create schema a; create table a.t (x int)");
    const scope = { kind: "schemas", database: name, schemas: ["a", "missing"] } as const;
    await expect(
      backupOf(server, name, { scope: { ...scope, schemas: [...scope.schemas] } }),
    ).rejects.toMatchObject({
      code: "source/absent",
      message: expect.stringContaining("missing"),
    });
  });
});

describe("tables of an extension", () => {
  const sql = `
    create extension citext; create table settings (k text, v text); create table internals (x int);
    insert into settings values ('shipped', 'by the extension'), ('own', 'by the tenant');
    insert into internals values (1);
    alter extension citext add table settings; alter extension citext add table internals;
    set allow_system_table_mods = on;
    update pg_catalog.pg_extension set extconfig = array['settings'::regclass::oid], extcondition = array['where k = ''own''']
     where extname = 'citext'`;

  it("are copied whole where they are configuration, and compared without order", async () => {
    const name = await database("extended", sql);
    const backup = await backupOf(server, name);
    expect(backup.fingerprint.tables).toMatchObject([
      { name: "settings", rows: 2, load: { kind: "extension", extension: "citext" }, multiset: { rows: 2 } },
    ]);
    expect(textOf(backup, "public", "settings")).toBe("shipped\tby the extension\nown\tby the tenant\n");
    expect(backup.fingerprint.omitted).toContainEqual(
      expect.objectContaining({ kind: "rows of an extension's table", name: "public.internals" }),
    );
  });

  it("go with an extension that the plan leaves out, and with a tenant that is not the whole database", async () => {
    const name = await database("extended_less", sql);
    expect((await backupOf(server, name, { leaveOutExtensions: ["citext"] })).fingerprint.tables).toEqual([]);
    const scope = { kind: "schemas" as const, database: name, schemas: ["public"] };
    const { fingerprint } = await backupOf(server, name, { scope });
    expect(fingerprint.tables).toEqual([]);
    expect(fingerprint.omitted).toContainEqual(
      expect.objectContaining({ kind: "configuration of an extension", name: "public.settings" }),
    );
  });
});

describe("tables that are easily missed", () => {
  it("are read: inheritance children, unlogged tables, dropped columns, one wide value", async () => {
    const name = await database(
      "corners",
      `create table parent (a int); create table child (b int) inherits (parent);
       insert into parent values (1); insert into child values (2, 3);
       create unlogged table hot (a int); insert into hot values (1);
       create table dropped (a int, b int, c int); insert into dropped values (1, 2, 3); alter table dropped drop b;
       create table wide (t text); insert into wide select repeat(md5(n::text), 300000) from generate_series(1, 2) n;
       create materialized view later as select 1 as a with no data;
       create table computed (a int generated always as (1) stored); insert into computed values (default);
       create temp table fleeting (a int)`,
    );
    const backup = await backupOf(server, name);
    expect(textOf(backup, "public", "parent")).toBe("1\n");
    expect(textOf(backup, "public", "child")).toBe("2\t3\n");
    expect(textOf(backup, "public", "hot")).toBe("1\n");
    expect(textOf(backup, "public", "computed")).toBe("\n");
    expect(backup.fingerprint.matviews).toMatchObject([{ name: "later", populated: false }]);
    expect(textOf(backup, "public", "dropped")).toBe("1\t3\n");
    expect(backup.fingerprint.tables.find((table) => table.name === "wide")).toMatchObject({
      rows: 2,
      bytes: 19_200_002,
    });
    expect(backup.fingerprint.tables.find((table) => table.name === "hot")?.unlogged).toBe(true);
  });
});

describe("a backup role without superuser", () => {
  it("reads all of a managed server that it may, and lists what it may not", async () => {
    await psql(
      server,
      "postgres",
      "create role backup login password 'pw'; grant pg_read_all_data to backup",
    );
    const name = await database(
      "managed",
      `create role owner nologin; create schema s authorization owner; create table s.t (a int); insert into s.t values (1);
       create extension postgres_fdw; create server far foreign data wrapper postgres_fdw options (host 'nowhere');
       create user mapping for owner server far options (user 'u', password 'p');
       create foreign table s.remote (a int) server far;
       create publication everything for all tables; create sequence s.q; select lo_create(7);
       create subscription sub connection 'host=nowhere' publication p with (connect = false)`,
    );
    const backup = await backupOf(server, name, { login: { user: "backup", password: "pw" } });
    expect(textOf(backup, "s", "t")).toBe("1\n");
    expect(backup.fingerprint.largeObjects.count).toBe(1);
    expect(backup.fingerprint.omitted.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["options of a user mapping", "rows of a foreign table", "subscription"]),
    );
  });
});
