/** Reading a source plans no query that would call a tenant's functions as the backup role (trap 2). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "../../src/model/fingerprint.ts";
import { readGenerated, readMatviews } from "../../src/postgres/readings/derived.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { describeTables } from "../../src/postgres/source/table-details.ts";
import { rowBytes } from "../../src/postgres/source/row-streams.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf, snapshotOf, textOf } from "../support/read-snapshot.ts";

/** Every function is harmless while indexes are made with it, and afterwards refuses whoever is a superuser. */
const hostileSchema = `
  create role tenant; grant all on schema public to tenant; set role tenant;
  create function one() returns int language plpgsql immutable as 'begin return 1; end';
  create function yes() returns boolean language plpgsql immutable as 'begin return true; end';
  create domain small as int check (value > 0);
  create table by_expression (a int, t text, b int generated always as (a * 2) stored);
  insert into by_expression select i, repeat('x', 1000) from generate_series(1, 4000) i;
  create index on by_expression ((a + one()));
  create table by_predicate (a int, t text, b int generated always as (a * 2) stored);
  insert into by_predicate select i, repeat('x', 1000) from generate_series(1, 4000) i;
  create index on by_predicate (a) where yes();
  create table by_statistics (a int, b int generated always as (a * 2) stored);
  create statistics counted on (a + one()), a from by_statistics;
  create table by_check (a int, t text, b int generated always as (a * 2) stored, check (a + one() > 0));
  insert into by_check select i, repeat('x', 1000) from generate_series(1, 4000) i;
  create materialized view summed as select 1 as a;
  create index on summed ((a + one()));
  create table calm (a int, t text, b int generated always as (a * 2) stored);
  insert into calm select i, repeat('x', 1000) from generate_series(1, 4000) i;
  create index on calm (lower(t)) where a > 5;
  create table sliced (a int, t text);
  insert into sliced select i, repeat('x', 1000) from generate_series(1, 4000) i;
  create table leaf_of_hazard (a int) partition by range ((a + one()));
  create table leaf partition of leaf_of_hazard default;
  create or replace function one() returns int language plpgsql immutable as $$ begin
    if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then raise exception 'ran with power'; end if;
    return 1; end $$;
  create or replace function yes() returns boolean language plpgsql immutable as 'begin return public.one() = 1; end';
  reset role;
`;

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "hostile");
  await psql(server, "hostile", `alter database hostile set constraint_exclusion = on`);
  await psql(server, "hostile", hostileSchema);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("a tenant whose functions are constant in its indexes", () => {
  it.each(["by_expression", "by_predicate", "by_statistics", "by_check where ctid >= '(0,0)'", "summed"])(
    "would have them called by a query of %s",
    async (from) => {
      const query = psql(server, "hostile", `explain select a from only ${from}`);
      await expect(query).rejects.toThrow(/ran with power/);
    },
  );

  it("is backed up whole, and none of them runs", async () => {
    const backup = await backupOf(server, "hostile", { sliceBlocks: 100 });
    const slices = new Map(backup.fingerprint.tables.map((one) => [one.name, one.slices.length]));
    expect(slices.get("by_expression")).toBe(1);
    expect(slices.get("by_predicate")).toBe(1);
    expect(slices.get("by_check")).toBeGreaterThan(2);
    expect(slices.get("calm")).toBeGreaterThan(2);
    expect(textOf(backup, "public", "by_expression").split("\n").length).toBe(4001);
    const digests = [...backup.fingerprint.generated, ...backup.fingerprint.matviews].map(
      ({ name, multiset, reason }) => [name, multiset === null ? reason : "read"],
    );
    const untold = "its indexes, statistics or partition key call functions of the tenant";
    expect(Object.fromEntries(digests)).toEqual({
      by_expression: untold,
      by_predicate: untold,
      by_statistics: untold,
      by_check: "read",
      calm: "read",
      summed: untold,
    });
  });

  it("that makes such an index while its slices are read gets no backup, and no code of it runs", async () => {
    await using snapshot = await snapshotOf(server, "hostile", { sliceBlocks: 100, jobs: 1 });
    const reading = (async () => {
      for await (const stream of snapshot.streams(testWait())) {
        if (stream.title.startsWith("public.sliced"))
          await psql(
            server,
            "hostile",
            "set role tenant; create index if not exists late on sliced ((a + one())) where false",
          );
        for await (const part of stream.bytes) expect(part.length).toBeGreaterThan(0);
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: "source/changed",
      message: expect.stringMatching(/calls a function/),
    });
    await psql(server, "hostile", "drop index late");
  });
});

interface Window {
  /** Sees the catalogs as they are, and lets a tenant make something right after the first look for what calls functions. */
  readonly session: Session;
  /** What the later looks found that `reader` was made to lock: its connection may be closed by the time it has failed. */
  readonly called: readonly unknown[];
}

async function withWindow(present: Session, reader: Session, sql: string): Promise<Window> {
  const [own] = await reader.query<{ pid: number }>("select pg_backend_pid() as pid");
  const called: unknown[] = [];
  let isOpen = true;
  const query: Session["query"] = async (text, values) => {
    if (!isOpen && called.length === 0)
      called.push(
        ...(await present.query("select from pg_locks where locktype = 'advisory' and pid = $1", [own?.pid])),
      );
    const rows = await present.query<never>(text, values);
    if (isOpen && text.includes("pg_statistic_ext")) {
      isOpen = false;
      await psql(server, "window", `set role tenant; ${sql}`);
    }
    return rows;
  };
  const session = new Proxy(present, {
    get: (of, key) => (key === "query" ? query : (Reflect.get(of, key) as unknown)),
  });
  return { session, called };
}

describe("a tenant who makes an index or statistics between our look for them and our query", () => {
  const scope: Scope = { kind: "database", database: "window" };
  const exact = async (): Promise<Session> => {
    const session = await connect({ ...server.address, database: "window" }, "source", {}, testWait());
    await setExactText(session);
    return session;
  };

  beforeAll(async () => {
    await createDatabase(server, "window");
    await psql(
      server,
      "window",
      `grant all on schema public to tenant; set role tenant;
       create function grab() returns int language plpgsql immutable as $$ begin
         if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then perform pg_advisory_lock(4711); end if;
         return 1; end $$;
       create table sliced (a int, t text); insert into sliced select i, repeat('x', 1000) from generate_series(1, 4000) i;
       create table counted (a int, t text); insert into counted select i, repeat('x', 1000) from generate_series(1, 4000) i;
       create table doubled (a int, b int generated always as (a * 2) stored);
       insert into doubled select i from generate_series(1, 10) i;
       create materialized view summed as select 1 as a;`,
    );
  });

  /** Reads the first blocks of a table. */
  const rowsOf = (name: string) => async (session: Session, present: Session) => {
    const [listed] = await session.query<{ oid: number }>("select oid from pg_class where relname = $1", [
      name,
    ]);
    const source = { oid: listed?.oid ?? 0, schema: "public", name, extension: null, isUnmoved: true };
    const table = { ...source, kind: "table" as const };
    const details = (await describeTables(session, [table])).get(table.oid);
    if (details === undefined) throw new Error(`no table is called ${name}`);
    const range = { from: 0, to: 100 };
    const plan = { kind: "slice", id: name, table: { ...table, ...details }, range, bytes: 0 } as const;
    const of = { encoding: "UTF8", standby: false, present };
    for await (const part of rowBytes(session, plan, of, () => undefined))
      expect(part.length).toBeGreaterThan(0);
  };

  it.each([
    {
      of: "a slice",
      read: rowsOf("sliced"),
      make: "create index late on sliced ((a + grab()))",
      told: /^index public\.late was made on "public"\."sliced"/,
    },
    {
      of: "a slice with statistics",
      read: rowsOf("counted"),
      make: "create statistics late_counts on (a + grab()), a from counted",
      told: /^statistics object public\.late_counts was made on "public"\."counted"/,
    },
    {
      of: "generated columns",
      read: (session: Session, present: Session) =>
        readGenerated(session, scope, [], { encoding: "UTF8", present }),
      make: "create index late_too on doubled ((a + grab()))",
      told: /^index public\.late_too was made on "public"\."doubled"/,
    },
    {
      of: "a materialised view",
      read: (session: Session, present: Session) =>
        readMatviews(session, scope, { encoding: "UTF8", present }),
      make: "create index latest on summed ((a + grab()))",
      told: /^index public\.latest was made on "public"\."summed"/,
    },
  ])("gets no backup, and it is named: $of", async ({ read, make, told }) => {
    await using session = await exact();
    await using open = await exact();
    const window = await withWindow(open, session, make);
    await session.query("begin isolation level repeatable read read only");
    await expect(read(session, window.session)).rejects.toMatchObject({
      code: "source/changed",
      message: expect.stringMatching(told),
      hint: expect.stringMatching(/rights of the backup role/),
    });
    expect(window.called, "the window was open, and the function was called").toHaveLength(1);
  });
});

describe("a tenant of schemas with large objects", () => {
  it("has the columns that name them read without a query of its tables", async () => {
    await createDatabase(server, "shared");
    await psql(
      server,
      "shared",
      `create schema app authorization tenant; set role tenant;
       create function app.one() returns int language plpgsql immutable as 'begin return 1; end';
       create table app.files (file oid); create index on app.files ((file::int8 + app.one()));
       insert into app.files select lo_from_bytea(0, 'x') union all values (null), (1::oid);
       create or replace function app.one() returns int language plpgsql immutable as $$ begin
         if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then raise exception 'ran with power'; end if;
         return 1; end $$`,
    );
    await expect(psql(server, "shared", "select from app.files")).rejects.toThrow(/ran with power/);
    const scope: Scope = { kind: "schemas", database: "shared", schemas: ["app"] };
    const { fingerprint } = await backupOf(server, "shared", { scope });
    expect(fingerprint.largeObjects.count).toBe(1);
  });
});
