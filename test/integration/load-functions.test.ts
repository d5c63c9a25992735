/** Functions that pg_dump spells in pieces are loaded whole and proven, each by whom it may be made; forged ones gain nothing. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;

beforeAll(async () => {
  source = await startTestServer();
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
});

it("whatever a superuser says of a function comes back, beside a body of SQL and what it goes with", async () => {
  await createDatabase(source, "pieces");
  await psql(
    source,
    "pieces",
    `create role maker; create extension hstore; create table public.t (a int); create type public.pair as (a int, b int);
     create function public.plain(a int) returns int language sql leakproof immutable as 'select a';
     create function public.atomic(a public.pair default '(1,2)'::public.pair) returns bigint language sql stable leakproof
       set log_statement = 'none' begin atomic select count(*) from public.t where t.a = (atomic.a).b; end;
     create function public.in_c(regclass) returns bigint language internal strict as 'pg_relation_size';
     create function public.leaning(a int) returns int language sql leakproof as 'select a';
     create function public.helped(text, text) returns boolean language sql immutable support pg_catalog.textlike_support as 'select $1 ~~ $2';
     create procedure public.set_so() language plpgsql set log_statement = 'all' as 'begin end';
     alter function public.in_c(regclass) depends on extension hstore; alter function public.leaning(int) depends on extension hstore;
     alter procedure public.set_so() depends on extension plpgsql; alter function public.plain(int) owner to maker`,
  );
  const image = memoryImage(await backupOf(source, "pieces"));
  await using scratch = await startScratch();
  const { report, checks, verdict } = await provenIn(scratch, image, "pieces");
  expect(report.problems).toEqual([]);
  expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
  const said = `select proname, proleakproof, prosupport::text, proconfig from pg_proc where pronamespace = 'public'::regnamespace
     and proname in ('plain', 'atomic', 'in_c', 'leaning', 'helped', 'set_so') order by 1`;
  expect(await psql(scratch, "pieces", said)).toBe(await psql(source, "pieces", said));
  const leaning = "select count(*) from pg_depend where deptype = 'x'";
  expect(await psql(scratch, "pieces", leaning)).toBe("3");
});
