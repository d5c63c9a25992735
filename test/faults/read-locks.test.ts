/**
 * Tables that are truncated, rewritten, swapped or altered while a backup starts or runs cost no row, run
 * no code of the tenant, and keep nobody waiting for long.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { pause } from "../../src/base/waiting.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { listTables } from "../../src/postgres/source/source-tables.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { backupOf, readAll, snapshotOf, textOf } from "../support/read-snapshot.ts";

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

async function session(name: string): Promise<Session> {
  return connect(addressOf(urlOf(server, name)), "source", { ownSearchPath: true }, testWait());
}

/** Resolves once somebody in the database waits for a lock. */
async function somebodyWaits(name: string): Promise<void> {
  await using watcher = await session("postgres");
  for (;;) {
    const waiting = await watcher.query(
      "select from pg_locks l join pg_database d on d.oid = l.database where not l.granted and d.datname = $1",
      [name],
    );
    if (waiting.length > 0) return;
    await pause(10, testWait());
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => "done",
    (thrown: unknown) => thrown,
  );
  return error instanceof Failure ? error.code : String(error);
}

/** What a backup reads when `change` commits while the holder waits for its lock. */
async function backupDuring(name: string, change: string) {
  await using other = await session(name);
  await other.query("begin");
  await other.query(change);
  const backup = backupOf(server, name);
  await Promise.race([somebodyWaits(name), backup]);
  await other.query("commit");
  return backup;
}

describe("a source whose stores have not answered yet", () => {
  it("is examined and not locked, and what changes meanwhile is in the snapshot", async () => {
    const name = await database(
      "waits",
      "create table t (a int); insert into t values (1); create table u (b int)",
    );
    const stores = Promise.withResolvers<undefined>();
    const backup = backupOf(server, name, { ready: stores.promise });
    await using other = await session(name);
    const sessions = async (): Promise<number> => (await other.query(ours)).length;
    while ((await sessions()) < 2) await pause(10, testWait());
    // Would wait for a lock of ours.
    await other.query(
      "set lock_timeout = '1s'; truncate t; insert into t values (2); drop table u; create table v (c int)",
    );
    stores.resolve(undefined);
    const { fingerprint, streams } = await backup;
    expect(fingerprint.tables.map((table) => table.name)).toEqual(["t", "v"]);
    expect(textOf({ fingerprint, streams }, "public", "t")).toBe("2\n");
  });

  it("is let go when they cannot hold a backup", async () => {
    const name = await database("let_go", "create table t (a int)");
    const quorum = new Failure("store/quorum", "0 of 2 stores can hold the backup");
    await expect(snapshotOf(server, name, { ready: Promise.reject(quorum) })).rejects.toBe(quorum);
    await using other = await session(name);
    while ((await other.query(ours)).length > 0) await pause(10, testWait());
  });
});

/** Sessions of a backup in this database. */
const ours = `select from pg_catalog.pg_stat_activity
  where datname = pg_catalog.current_database() and application_name in ('holdfast watcher', 'holdfast holder')`;

describe("a table that changes while the snapshot is taken", () => {
  it("gives its new rows when it was truncated and filled again", async () => {
    const name = await database("truncated", "create table t (a int); insert into t values (1), (2)");
    const backup = await backupDuring(name, "truncate t; insert into t values (3)");
    expect(textOf(backup, "public", "t")).toBe("3\n");
  });

  it("gives its rows when it was rewritten", async () => {
    const name = await database("rewritten", "create table t (a int); insert into t values (1), (2)");
    const backup = await backupDuring(name, "alter table t alter a type bigint, add b text default 'x'");
    expect(textOf(backup, "public", "t")).toBe("1\tx\n2\tx\n");
  });

  it("is looked for again when a view took its name, whose code does not run", async () => {
    const name = await database(
      "swapped",
      `create table t (a int); insert into t values (1); create table witness (w text);
       create function evil() returns int language plpgsql as
         $$ begin perform set_config('holdfast.evil', 'ran', false); raise exception 'evil ran'; end $$`,
    );
    const backup = await backupDuring(
      name,
      "alter table t rename to t_old; create view t as select evil() as a",
    );
    expect(textOf(backup, "public", "t_old")).toBe("1\n");
    expect(backup.fingerprint.tables.map((table) => table.name)).toEqual(["t_old", "witness"]);
  });

  it("is seen to have another file than its snapshot knows", async () => {
    const name = await database(
      "moved",
      "create table t (a int); create materialized view m as select 1 as one",
    );
    await using reader = await session(name);
    await reader.query("begin isolation level repeatable read read only");
    expect(
      (await listTables(reader, { kind: "database", database: name }, [])).map((t) => t.isUnmoved),
    ).toEqual([true, true]);
    await psql(server, name, "truncate t; refresh materialized view m");
    expect(
      (await listTables(reader, { kind: "database", database: name }, [])).map((t) => t.isUnmoved),
    ).toEqual([false, false]);
  });

  it("gives up with source/busy behind a lock that is not released", async () => {
    const name = await database("stuck", "create table t (a int)");
    await using other = await session(name);
    await other.query("begin; lock table t in access exclusive mode");
    expect(await codeOf(snapshotOf(server, name, { yieldAfterMs: 300 }))).toBe("source/busy");
  });

  it("does not wait for locks when the server has no connection left for who reads", async () => {
    const name = await database("crowded", "create table t (a int)");
    await psql(
      server,
      name,
      "create role few login password 'pw' connection limit 2 in role pg_read_all_data",
    );
    await using other = await session(name);
    await other.query("begin; lock table t in access exclusive mode");
    const opening = snapshotOf(server, name, {
      login: { user: "few", password: "pw" },
      yieldAfterMs: 100_000,
    });
    expect(await codeOf(opening)).toBe("source/unreachable");
  });
});

describe("a migration that meets a running backup", () => {
  it("is let through after yieldAfterMs, and the backup can be tried again", async () => {
    const name = await database("altered", "create table t (a int); insert into t values (1)");
    await using snapshot = await snapshotOf(server, name, { yieldAfterMs: 400 });
    await psql(server, name, "alter table t add column b int");
    expect(await codeOf(readAll(snapshot))).toBe("source/busy");
    expect(textOf(await backupOf(server, name), "public", "t")).toBe("1\t\\N\n");
  });

  it("is not queued behind by our own readers", async () => {
    const name = await database("queued", "create table t (a int); insert into t values (1)");
    await using snapshot = await snapshotOf(server, name, { yieldAfterMs: 20_000 });
    await using other = await session(name);
    const migration = other.query("alter table t add column b int");
    await somebodyWaits(name);
    expect(await codeOf(readAll(snapshot))).toBe("source/busy");
    await snapshot[Symbol.asyncDispose]();
    await migration;
  });

  it("cannot put another table under the name of a locked one by renaming schemas", async () => {
    const name = await database(
      "renamed",
      `create schema a; create table a.t (x int); insert into a.t values (1);
       create schema b; create table b.t (x int); insert into b.t values (2)`,
    );
    await using snapshot = await snapshotOf(server, name);
    await psql(server, name, "alter schema a rename to c; alter schema b rename to a");
    expect(await codeOf(readAll(snapshot))).toBe("source/changed");
  });
});

describe("a session with our settings", () => {
  it("refuses to read a view where a table is expected", async () => {
    const name = await database("views", "create table t (a int); create view v as select a from t");
    await using reader = await session(name);
    await setExactText(reader);
    for (const statement of ["copy public.v to stdout", "copy (select a from public.v) to stdout"]) {
      const { bytes } = reader.copyOut(statement);
      expect(await codeOf(Array.fromAsync(bytes))).toBe("source/failed");
    }
  });

  it("reads slices in physical order whatever the database prefers", async () => {
    const name = await database(
      "ordered",
      `create table t (a int primary key, b text);
       insert into t select n, repeat('x', n % 300) from generate_series(1, 40000) n;
       update t set b = repeat('y', 200) where a % 7 = 0;
       alter database ordered set random_page_cost = 0.1; alter database ordered set enable_seqscan = off;
       alter database ordered set enable_tidscan = off; alter database ordered set parallel_setup_cost = 0;
       alter database ordered set min_parallel_table_scan_size = 0; vacuum analyze t`,
    );
    const wanted = await psql(server, name, "copy (select a from t order by ctid) to stdout");
    const backup = await backupOf(server, name, { sliceBlocks: 100 });
    const rows = textOf(backup, "public", "t").trim().split("\n");
    expect(backup.fingerprint.tables[0]?.slices.length).toBeGreaterThan(3);
    expect(rows.map((row) => row.split("\t")[0]).join("\n")).toBe(wanted);
  });
});
