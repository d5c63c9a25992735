/** What has not changed is read and cut as it was, whatever the time, the statistics, the login and the server that is asked. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { pause } from "../../src/base/waiting.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { Cutter } from "../../src/sealing/cut.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { caughtUp, startStandby } from "../support/standby-server.ts";

let server: PrivateServer;
let standby: PrivateServer;
let first: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  // Nothing is done to statistics and sizes but what a test does.
  server = await startTestServer({ wal_level: "replica", autovacuum: "off" });
  standby = await startStandby(server);
  await createDatabase(server, "still");
  await psql(
    server,
    "still",
    `select format('create table small_%s as select n, md5(n::text) from generate_series(1, 5000) n', k) from generate_series(1, 30) k \\gexec
     create table just_small as select n, repeat('x', 1800) as t from generate_series(1, 500) n;
     create table large as select n, repeat(md5(n::text), 4) as t from generate_series(1, 40000) n;
     create function f(a int) returns int language sql as 'select a'; create view v as select * from large;
     select lo_from_bytea(0, decode(md5(n::text), 'hex')) from generate_series(1, 20) n`,
  );
  await psql(server, "postgres", "create role reader login superuser password 'reader'");
  first = await streams();
});

afterAll(async () => {
  await standby[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Options = Parameters<typeof backupOf>[2];

async function streams(options: Options = {}, of = server): Promise<ReadonlyMap<string, Buffer>> {
  return (await backupOf(of, "still", { sliceBlocks: 200, ...options })).streams;
}

/** Streams that are not, byte for byte, as they were at first. */
function changed(now: ReadonlyMap<string, Buffer>): string[] {
  const ids = new Set([...first.keys(), ...now.keys()]);
  return [...ids].filter((id) => first.get(id)?.equals(now.get(id) ?? Buffer.alloc(0)) !== true);
}

function chunks(of: ReadonlyMap<string, Buffer>): Set<string> {
  const cut = [...of.values()].flatMap((bytes) => {
    const cutter = new Cutter(Buffer.from("8 bytes!"));
    const whole = Array.from(cutter.push(bytes), (chunk) => chunk.toString("latin1"));
    return [...whole, cutter.finish()?.toString("latin1") ?? ""];
  });
  return new Set(cut);
}

it("a second later", async () => {
  await pause(1_000, testWait());
  expect(changed(await streams())).toEqual([]);
});

it("with fresh statistics, and with the maps that a vacuum makes", async () => {
  const size = "select pg_table_size('just_small') <= 1 << 20";
  expect(await psql(server, "still", size)).toBe("t");
  await psql(server, "still", "vacuum (analyze)");
  // It was small and is not any more, though no row of it has moved.
  expect(await psql(server, "still", size)).toBe("f");
  expect(changed(await streams())).toEqual([]);
});

it("with more or fewer readers, by another login, and from a standby", async () => {
  expect(changed(await streams({ jobs: 1 }))).toEqual([]);
  expect(changed(await streams({ jobs: 8 }))).toEqual([]);
  expect(changed(await streams({ login: { user: "reader", password: "reader" } }))).toEqual([]);
  // What a vacuum wrote last may else wait for the server's next tick.
  await psql(server, "postgres", "checkpoint");
  await caughtUp(server, standby);
  expect(changed(await streams({}, standby))).toEqual([]);
});

it("with catalogs that were written anew", async () => {
  const catalogs = ["pg_class", "pg_proc", "pg_type", "pg_attribute", "pg_depend", "pg_rewrite"];
  for (const catalog of catalogs) await psql(server, "still", `vacuum (full, analyze) ${catalog}`);
  expect(changed(await streams())).toEqual([]);
});

it("around a small table that comes and goes, of which alone there are new chunks", async () => {
  await psql(server, "still", "create table small_15_a as select 1 as a");
  const withMore = await streams();
  expect(changed(withMore)).toEqual(expect.arrayContaining(["schema", "tables-1"]));
  const fresh = chunks(withMore).difference(chunks(first));
  // One of the schema, and of the rows the one it lies in.
  expect(fresh.size).toBe(2);
  await psql(server, "still", "drop table small_15_a");
  expect(changed(await streams())).toEqual([]);
});
