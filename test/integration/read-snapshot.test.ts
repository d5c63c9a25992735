/** What a snapshot hands out is all of the tenant as it was at one moment, whatever is written meanwhile. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprint as schemaOfFingerprint } from "../../src/model/fingerprint.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
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

async function copied(name: string, select: string): Promise<string> {
  const text = await psql(server, name, `set timezone = 'UTC'; copy (${select}) to stdout`);
  return text === "" ? "" : `${text}\n`;
}

function sha256(text: Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("a snapshot of a database", () => {
  it("has every table's rows, digests and slices as psql reads them", async () => {
    const name = await database(
      "plain",
      `create table small (a int, "B c" text, g int generated always as (a * 2) stored);
       insert into small values (1, E'tab\\there'), (2, null);
       create table nothing ();
       insert into nothing default values; insert into nothing default values;
       create table "Ünïcode ""q""" (x int); insert into "Ünïcode ""q""" values (7);
       create table large as select n, repeat(md5(n::text), 10) as t from generate_series(1, 60000) n;
       create table middle as select n, repeat(md5(n::text), 10) as t from generate_series(1, 6000) n;
       create sequence counter; select nextval('counter');
       create materialized view sums as select count(*) from large;
       create view v as select * from small`,
    );
    const backup = await backupOf(server, name, { sliceBlocks: 500 });
    expect(() => schemaOfFingerprint.parse(backup.fingerprint)).not.toThrow();
    for (const [table, columns] of [
      ["small", `a, "B c"`],
      ["nothing", ""],
      ['Ünïcode "q"', "x"],
      ["large", "*"],
      ["middle", "*"],
    ] as const) {
      const text = textOf(backup, "public", table);
      expect(text).toBe(
        table === "nothing"
          ? "\n\n"
          : await copied(name, `select ${columns} from "${table.replaceAll('"', '""')}"`),
      );
      const found = backup.fingerprint.tables.find((one) => one.name === table);
      expect(found?.rows).toBe(text.split("\n").length - 1);
      expect(found?.bytes).toBe(Buffer.byteLength(text));
      expect(found?.slices.map((slice) => slice.sha256)).toEqual(
        found?.slices.map(({ stream, offset, bytes }) =>
          sha256(backup.streams.get(stream)?.subarray(offset, offset + bytes) ?? Buffer.alloc(0)),
        ),
      );
    }
    const large = backup.fingerprint.tables.find((one) => one.name === "large");
    expect(large?.slices.length).toBeGreaterThan(3);
    expect(new Set(large?.slices.map(({ stream }) => stream)).size).toBe(large?.slices.length);
    expect([...backup.streams.keys()].filter((id) => id.startsWith("tables-"))).toEqual(["tables-1"]);
    expect(backup.streams.get("schema")?.subarray(0, 5).toString()).toBe("PGDMP");
    expect(backup.fingerprint.sequences).toEqual([
      { schema: "public", name: "counter", lastValue: "1", isCalled: true },
    ]);
    expect(backup.fingerprint.matviews.map(({ name }) => name)).toEqual(["sums"]);
  });

  it("is of one moment under a concurrent writer", async () => {
    const name = await database(
      "moving",
      `create table ledger (n int, amount int); insert into ledger select n, 1 from generate_series(1, 50000) n;
       create table total (sum int); insert into total values (50000)`,
    );
    const over = new AbortController();
    const writing = (async () => {
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        await psql(
          server,
          name,
          `begin; update ledger set amount = amount + 1 where n % 100 = ${String(turn % 100)};
           insert into ledger values (${String(turn)}, 5);
           update total set sum = (select sum(amount) from ledger); commit`,
        );
      }
    })();
    const backup = await backupOf(server, name, { sliceBlocks: 50 });
    over.abort();
    await writing;
    const amounts = textOf(backup, "public", "ledger")
      .trim()
      .split("\n")
      .map((row) => Number(row.split("\t")[1]));
    expect(String(amounts.reduce((sum, amount) => sum + amount, 0))).toBe(
      textOf(backup, "public", "total").trim(),
    );
  });

  it("of nothing is a schema and no more", async () => {
    const name = await database("empty", "select");
    const backup = await backupOf(server, name);
    expect([...backup.streams.keys()]).toEqual(["schema"]);
    expect(backup.fingerprint.tables).toEqual([]);
  });

  it("shares one stream among 2,000 empty tables", async () => {
    const name = await database(
      "many",
      "do $$ begin for i in 1..2000 loop execute format('create table t%s (a int)', i); end loop; end $$",
    );
    const backup = await backupOf(server, name);
    expect([...backup.streams.keys()].sort()).toEqual(["schema", "tables-1"]);
    expect(backup.fingerprint.tables.length).toBe(2000);
  });

  it("tells the schema's text alike each time, whatever key pg_restore wraps it in", async () => {
    const name = await database("twice", `create table t (a int, constraint c check (a in (1, 2)))`);
    const [one, two] = [await backupOf(server, name), await backupOf(server, name)];
    expect(one.fingerprint.schema.text).toEqual(two.fingerprint.schema.text);
    await psql(server, name, "alter table t add b int");
    expect((await backupOf(server, name)).fingerprint.schema.text).not.toEqual(one.fingerprint.schema.text);
  });

  it("copies the rows of LATIN1 and SQL_ASCII databases byte for byte", async () => {
    for (const encoding of ["LATIN1", "SQL_ASCII"]) {
      const name = encoding.toLowerCase();
      await createDatabase(server, name, `template template0 encoding ${encoding} locale 'C'`);
      await psql(server, name, `create table t (a text); insert into t values (E'\\xe9t\\xe9')`).catch(
        () => undefined,
      );
      await psql(
        server,
        name,
        `set client_encoding = ${encoding}; create table if not exists t (a text); truncate t;
         insert into t select convert_from('\\xe974e9'::bytea, '${encoding}')`,
      );
      const backup = await backupOf(server, name);
      expect(backup.fingerprint.database.encoding).toBe(encoding);
      expect(backup.streams.get("tables-1")?.toString("hex")).toBe("e974e90a");
    }
  });

  it("loads the leaves of a hash on an enum through their root, others by themselves", async () => {
    const name = await database(
      "leaves",
      `create type mood as enum ('a', 'b', 'c');
       create table by_mood (m mood, n int) partition by hash (m);
       create table by_mood_0 partition of by_mood for values with (modulus 2, remainder 0);
       create table by_mood_1 partition of by_mood for values with (modulus 2, remainder 1);
       insert into by_mood select (array['a', 'b', 'c']::mood[])[1 + n % 3], n from generate_series(1, 99) n;
       create table by_year (y int, m mood[]) partition by range (y);
       create table by_year_1 partition of by_year for values from (0) to (10) partition by hash (m);
       create table by_year_1_0 partition of by_year_1 for values with (modulus 1, remainder 0);
       create table by_year_2 partition of by_year for values from (10) to (20);
       create table by_word (w text) partition by range (w collate "en-x-icu");
       create table by_word_1 partition of by_word default;
       create table by_id (id int) partition by hash (id);
       create table by_id_0 partition of by_id for values with (modulus 1, remainder 0);
       insert into by_id values (1)`,
    );
    const backup = await backupOf(server, name);
    const loads = Object.fromEntries(backup.fingerprint.tables.map((table) => [table.name, table.load]));
    expect(loads).toEqual({
      by_mood_0: { kind: "through-root", root: { schema: "public", name: "by_mood" } },
      by_mood_1: { kind: "through-root", root: { schema: "public", name: "by_mood" } },
      by_year_1_0: { kind: "through-root", root: { schema: "public", name: "by_year_1" } },
      by_year_2: { kind: "ordered" },
      by_word_1: { kind: "through-root", root: { schema: "public", name: "by_word" } },
      by_id_0: { kind: "ordered" },
    });
    const leaf = backup.fingerprint.tables.find((table) => table.name === "by_mood_0");
    expect(leaf?.multiset?.rows).toBe(leaf?.rows);
    expect(backup.fingerprint.tables.find((table) => table.name === "by_id_0")?.multiset).toBeNull();
  });

  it("cannot be asked for its fingerprint before all has been read", async () => {
    const name = await database("early", "create table t (a int)");
    await using snapshot = await snapshotOf(server, name);
    await expect(snapshot.fingerprint({ signal: AbortSignal.timeout(10_000) })).rejects.toThrow(
      /before every stream/,
    );
    await expect(readAll(snapshot)).resolves.toBeDefined();
  });
});
