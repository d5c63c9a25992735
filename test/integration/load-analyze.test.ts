/** The statistics of a target are made once for each table, and one that cannot be analyzed costs no other its own. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

const parted = `
  create table public.root (k int, v text) partition by list (k);
  create table public.leaf partition of public.root for values in (1);
  create table public.mid partition of public.root for values in (2) partition by list (k);
  create table public.deep partition of public.mid for values in (2);
  create table public.plain (k int);
  insert into public.root select 1 + n % 2, n from generate_series(1, 100) n;
  insert into public.plain select n from generate_series(1, 100) n;
`;

/** Its index can be built, and not be analyzed. */
const unwilling = `
  create table public.unwilling (k int);
  insert into public.unwilling values (1), (2);
  create function public.refuse(k int) returns int immutable language plpgsql as $$
    begin
      if current_query() ~* '(^|\\n)analyze ' then raise exception 'not now'; end if;
      return k;
    end $$;
  create index on public.unwilling (public.refuse(k));
  -- The larger one comes first, and is in the same statement.
  insert into public.unwilling select n from generate_series(3, 20000) n;
`;

let source: PrivateServer;
let target: PrivateServer;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestServer(), startTestServer()]);
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

async function restored(database: string, sql: string): Promise<readonly string[]> {
  await createDatabase(source, database);
  await psql(source, database, sql);
  const image = memoryImage(await backupOf(source, database), 4_099);
  const { notes } = await loadInto(target, image, { destination: { side: "target", database } });
  return notes.filter((note) => note.startsWith("statistics"));
}

const counts = `
  select c.relname, pg_stat_get_analyze_count(c.oid) from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`;

it("partitions are analyzed with their parent, and not again by themselves", async () => {
  expect(await restored("parted", parted)).toEqual([]);
  const analyzed = (await psql(target, "parted", counts)).split("\n");
  expect(analyzed).toEqual(["deep|1", "leaf|1", "mid|1", "plain|1", "root|1"]);
  const ofParent = "select count(*) from pg_stats where tablename = 'root' and inherited";
  expect(await psql(target, "parted", ofParent)).toBe("2");
});

it("a table that cannot be analyzed is told, and those beside and behind it have theirs", async () => {
  expect(await restored("unwilling", parted + unwilling)).toEqual([
    "statistics are incomplete (SQLSTATE P0001); run ANALYZE",
  ]);
  const known = "select distinct tablename from pg_stats where schemaname = 'public' order by 1";
  expect((await psql(target, "unwilling", known)).split("\n")).toEqual([
    "deep",
    "leaf",
    "mid",
    "plain",
    "root",
  ]);
});
