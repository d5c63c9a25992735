/** What only leans on an extension that the plan leaves out is whole without it (promise 5). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const leaning = `
  create schema "Far"; create extension "uuid-ossp" schema "Far"; create extension pg_trgm;
  comment on extension "uuid-ossp" is 'ours';
  create role leaner; grant execute on function show_limit() to leaner; revoke execute on function "Far".uuid_nil() from public;
  create table t (k int primary key, v text); insert into t values (1, 'a');
  create function f(text) returns int language plpgsql as $$ begin
    perform 'ALTER FUNCTION f DEPENDS ON EXTENSION "uuid-ossp";';
    return 1; end $$;
  create function atomic(int) returns int language sql begin atomic select 1; end;
  create procedure p() language sql as 'select 1'; create function tf() returns trigger language plpgsql as 'begin return new; end';
  create index ix on t (v); create materialized view mv as select k from t; create index mx on mv (k);
  create trigger tr before insert on t for each row execute function tf();
  create function kept() returns int language sql as 'select 1';
  create aggregate number(*) (sfunc = int8inc, stype = int8, initcond = '0');
  alter function f(text) depends on extension "uuid-ossp"; alter function f(text) depends on extension pg_trgm;
  alter function atomic(int) depends on extension "uuid-ossp";
  alter procedure p() depends on extension "uuid-ossp"; alter trigger tr on t depends on extension "uuid-ossp";
  alter index ix depends on extension "uuid-ossp"; alter index t_pkey depends on extension "uuid-ossp";
  alter materialized view mv depends on extension "uuid-ossp"; alter index mx depends on extension "uuid-ossp";
  alter function kept() depends on extension pg_trgm; alter routine number() depends on extension "uuid-ossp";`;

describe("what depends on an extension that the plan leaves out", () => {
  it("comes back without that, which is told, and stays dependent on all others", async () => {
    await createDatabase(server, "leaning");
    await psql(server, "leaning", leaning);
    await using scratch = await startScratch();
    const image = memoryImage(
      await backupOf(server, "leaning", { leaveOutExtensions: ["uuid-ossp"] }),
      4_099,
    );
    const { verdict, checks, report } = await provenIn(scratch, image, "restored");
    expect({ verdict, problems: report.problems, troubles: troubles(checks) }).toEqual({
      verdict: "proven",
      problems: [],
      troubles: [],
    });
    const lost = (subject: string): string =>
      `${subject} does not depend on an extension that the plan leaves out`;
    expect(report.notes.filter((note) => note.includes("leaves out")).toSorted()).toEqual(
      [
        "CONSTRAINT public.t t_pkey",
        "FUNCTION public.atomic(integer)",
        "FUNCTION public.f(text)",
        "INDEX public.ix",
        "INDEX public.mx",
        "MATERIALIZED VIEW public.mv",
        "PROCEDURE public.p()",
        "TRIGGER public.t tr",
      ].map(lost),
    );
    const ofPlan = "the plan leaves this extension out";
    expect(report.entries.filter(({ reason }) => reason === ofPlan).map(({ subject }) => subject)).toEqual([
      "EXTENSION uuid-ossp",
      'COMMENT EXTENSION "uuid-ossp"',
      "ACL Far.FUNCTION uuid_nil()",
    ]);
    const leaningHere = await psql(
      scratch,
      "restored",
      `select pg_describe_object(classid, objid, 0) from pg_depend where deptype = 'x' order by 1`,
    );
    expect(leaningHere.trim().split("\n")).toEqual(["function f(text)", "function kept()"]);
  });
});
