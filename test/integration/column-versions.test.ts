/**
 * The releases of November 2026 keep a version among each column's options, another one in each database. A backup that
 * an older pg_dump made of such a server is loaded and proven, and what a tenant set beside it still counts.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import type { Restored } from "../../src/postgres/compare/restored.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, provenIn, troubles } from "../support/round-trip.ts";

let server: PrivateServer;
let image: Image;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "versioned");
  await psql(
    server,
    "versioned",
    `create table public.t (a int, "b;" text default ';'); insert into public.t values (1), (2);
     create index i on public.t ((a + 1)); create view public.v as select a from public.t;
     create materialized view public.m as select a from public.t; create type public.c as (x int, y text);
     alter table public.t alter a set (n_distinct = 5);
     update pg_attribute set attoptions = array_prepend('pg_attver=' || (attrelid::int * 7 + attnum), attoptions)
      where attnum > 0 and coalesce(attoptions::text, '') !~ 'pg_attver' and attrelid in ('public.t'::regclass, 'public.v'::regclass, 'public.m'::regclass, 'public.c'::regclass)`,
  );
  image = memoryImage(await backupOf(server, "versioned"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it("are taken out of what is loaded, and not compared", async () => {
  const { report, checks } = await provenIn(server, image, "again");
  expect(report.problems).toEqual([]);
  expect(troubles(checks)).toEqual([]);
});

it("hide no other option of a column", async () => {
  await provenIn(server, image, "altered");
  await psql(server, "altered", "alter table public.t alter a reset (n_distinct)");
  const restored: Restored = {
    side: "scratch",
    admin: { ...server.address, database: "altered" },
    twin: () => Promise.resolve({ ...server.address, database: "altered_twin" }),
  };
  const checks = await compareIn(restored, image, server.binFolder);
  expect(checks.find(({ name }) => name === "objects")).toMatchObject({ outcome: "failed" });
});
