/** What a load brings when only some tables are asked for, and what it leaves to whom: partitions, extensions' rows, other servers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import { withPartitions } from "../../src/postgres/load/with-partitions.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { installOwnExtension } from "../corner/own-extension.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn } from "../support/round-trip.ts";

let source: PrivateServer;
let scratch: PrivateServer;

beforeAll(async () => {
  [source, scratch] = await Promise.all([startTestServer(), startScratch()]);
});

afterAll(async () => {
  await Promise.all([source, scratch].map((server) => server[Symbol.asyncDispose]()));
});

async function tenant(name: string, sql: string): Promise<Image> {
  await createDatabase(source, name);
  await psql(source, name, sql);
  return memoryImage(await backupOf(source, name));
}

describe("tables that are asked for", () => {
  let image: Image;

  beforeAll(async () => {
    image = await tenant(
      "parts",
      `create type en as enum ('a', 'b', 'c'); create table h (e en) partition by hash (e);
       create table h0 partition of h for values with (modulus 2, remainder 0);
       create table h1 partition of h for values with (modulus 2, remainder 1);
       insert into h values ('a'), ('b'), ('c'); create view v as select * from h;
       create table p (a int) partition by range (a); create table p1 partition of p for values from (0) to (9);
       insert into p values (1), (2)`,
    );
  });

  const rowsOf = async (name: string): Promise<number> => {
    const tables = await withPartitions(image, [{ schema: "public", name }], testWait());
    const database = `parts_${name}`;
    const report = await loadInto(scratch, image, { destination: { database }, options: { tables } });
    expect(report.problems).toEqual([]);
    return report.rows;
  };

  it("come with all their partitions, and a partition with its siblings where only the root takes rows", async () => {
    expect(await rowsOf("p")).toBe(2);
    expect(await rowsOf("p1")).toBe(2);
    expect(await rowsOf("h")).toBe(3);
    expect(await rowsOf("h0")).toBe(3);
  });

  it("are refused by name when there are none such, before any server is asked", async () => {
    const ask = (name: string) => withPartitions(image, [{ schema: "public", name }], testWait());
    await expect(ask("v")).rejects.toMatchObject({
      code: "usage/invalid",
      message: "public.v is a view; --table takes tables",
    });
    await expect(ask("P1")).rejects.toMatchObject({ hint: "did you mean public.p1?" });
    await expect(ask("elsewhere")).rejects.toMatchObject({
      code: "usage/invalid",
      message: "the backup holds no table public.elsewhere",
    });
  });
});

it("an extension's table that the tenant emptied is empty again", async () => {
  using _installed = installOwnExtension(source.binFolder);
  await createDatabase(source, "emptied");
  await psql(source, "emptied", "create extension holdfast_corner");
  const configured = `select c.oid::regclass from pg_extension e cross join unnest(extconfig) u(o) join pg_class c on c.oid = u.o
    where extname = 'holdfast_corner' and relkind = 'r' order by u.o desc`;
  const names = (await psql(source, "emptied", configured)).split("\n");
  for (const name of names) await psql(source, "emptied", `delete from ${name}`);
  const image = memoryImage(await backupOf(source, "emptied"));
  const report = await loadInto(scratch, image, { destination: { database: "emptied" } });
  expect(report.problems).toEqual([]);
  for (const name of names) expect(await psql(scratch, "emptied", `select count(*) from ${name}`)).toBe("0");
});

it("a materialised view that reads another server is left alone on scratch, and refutes nothing", async () => {
  const image = await tenant(
    "far",
    `create table r (a int); insert into r values (1); create extension postgres_fdw;
     create server loop foreign data wrapper postgres_fdw options (host '${source.address.host}', port '${String(source.address.port)}', dbname 'far');
     create user mapping for postgres server loop options (user 'postgres', password '${source.address.password ?? ""}');
     create foreign table ft (a int) server loop options (schema_name 'public', table_name 'r');
     create materialized view mv as select * from ft`,
  );
  const { report, checks, verdict } = await provenIn(scratch, image, "far");
  expect(report.problems).toEqual([]);
  expect(checks.find(({ name }) => name === "matviews")).toMatchObject({
    outcome: "not-run",
    because: "irrelevant",
    detail: expect.stringContaining("reads a foreign table"),
  });
  expect(verdict).toBe("proven");
});
