/** What a load makes depends on no setting that a target's administrator, role or database has. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testMajor } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

let source: PrivateServer;
let target: PrivateServer;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestServer(), startScratch()]);
});

afterAll(async () => {
  await Promise.all([source, target].map(async (server) => server[Symbol.asyncDispose]()));
});

/** More than a second for the rows of the view, where the server has a limit for a transaction. */
const outlasting = testMajor() < 17 ? "" : ", pg_sleep(0.4)::text";

/** Each changes what a value's text means, what an expression gives, or which tables a statement may read. */
const settings = [
  "array_nulls = off",
  "transform_null_equals = on",
  "bytea_output = escape",
  "extra_float_digits = -5",
  "xmlbinary = hex",
  "quote_all_identifiers = on",
  "gin_fuzzy_search_limit = 1",
  "restrict_nonsystem_relation_kind = 'view, foreign-table'",
  ...(testMajor() < 17 ? [] : ["transaction_timeout = '1s'"]),
];

it("gives the values and refreshes the views that it gives where everything is as it came", async () => {
  await createDatabase(source, "plain");
  await psql(
    source,
    "plain",
    `create table t (id int, list int[] default '{NULL,1}', word tsvector);
     insert into t select n, array[n, null], 'same' from generate_series(1, 2000) n;
     create index on t using gin (word);
     create view v as select id, '\\x00ff'::bytea as b, sqrt(id) as f from t;
     create function is_null(int) returns boolean language plpgsql as 'begin return $1 = null; end';
     create function found() returns bigint language sql set enable_seqscan = off
       as 'select count(*) from public.t where word @@ ''same''';
     create materialized view m as select id, b::text, f::text, is_null(id), quote_ident('plain'),
       xmlelement(name e, b)::text, found()${outlasting} from v where id < 5`,
  );
  for (const setting of settings) await psql(target, "postgres", `alter role all set ${setting}`);

  const image = memoryImage(await backupOf(source, "plain"));
  const { problems } = await loadInto(target, image);

  expect(problems).toEqual([]);
  for (const query of ["select * from t order by id", "select * from m order by id"])
    expect(await psql(target, "restored", query)).toEqual(await psql(source, "plain", query));
});
