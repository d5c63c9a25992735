/**
 * Damage first: a restored database is altered in one way at a time, and exactly the check that answers for it
 * fails. Unaltered, every check passes or says why it has nothing to do.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { run } from "../../src/base/program.ts";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import { compare } from "../../src/postgres/compare/compare.ts";
import type { CompareOptions } from "../../src/postgres/compare/restored.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { measureDatabase } from "../support/measured-database.ts";
import {
  createDatabase,
  environmentOf,
  psql,
  startTestServer,
  testWait,
} from "../support/postgres-server.ts";
import { richSchema } from "../support/rich-schema.ts";

let server: PrivateServer;
let image: Image;
let options: CompareOptions;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "source");
  await psql(server, "source", richSchema);
  // Neither is copied when a restored database is taken as the template of an altered one, or lets it be altered.
  await psql(
    server,
    "source",
    "alter subscription sub disable; alter subscription sub set (slot_name = none); drop subscription sub; drop publication every, whole_schema, a_few",
  );
  image = await measureDatabase(server, "source", { throughRoots: ["app.part"], sliceAt: 3 });
  await createDatabase(server, "restored");
  await createDatabase(server, "twin");
  const dump = await dumped("source", []);
  await restore("restored", dump, []);
  await restore("twin", dump, ["-s"]);
  options = {
    jobs: 2,
    programs: await findPrograms([server.binFolder], null, testWait()),
    assertions: [],
    assertionLimitMs: 60_000,
    indexes: true,
    onlyTables: null,
    chance: systemChance,
  };
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function dumped(database: string, args: readonly string[]): Promise<Buffer> {
  const env = environmentOf(server, database);
  return (
    await run({ file: join(server.binFolder, "pg_dump"), args: ["-Fc", "-b", ...args], env }, testWait())
  ).stdout;
}

async function restore(database: string, dump: Buffer, args: readonly string[]): Promise<void> {
  const env = environmentOf(server, database);
  await run(
    { file: join(server.binFolder, "pg_restore"), args: ["-e", "-d", database, ...args], env, input: dump },
    testWait(),
  );
}

async function compared(
  database: string,
  more: Partial<CompareOptions> = {},
  from = image,
): Promise<CheckResult[]> {
  const admin = { ...server.address, database };
  const twin = { ...server.address, database: "twin" };
  return compare(
    { side: "scratch", admin, twin: () => Promise.resolve(twin) },
    from,
    { ...options, ...more },
    testWait(),
  );
}

/** A copy of the restored database, altered by `change`, and what the comparison says of it. */
async function comparedAfter(change: string, more: Partial<CompareOptions> = {}): Promise<CheckResult[]> {
  await psql(server, "postgres", 'create database altered template "restored"');
  try {
    // As a restore would have gone wrong: without triggers.
    await psql(server, "altered", `set session_replication_role = replica; ${change}`);
    return await compared("altered", more);
  } finally {
    await psql(server, "postgres", "drop database altered with (force)");
  }
}

const failedOf = (results: readonly CheckResult[]): string[] =>
  results.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);

describe("a faithful restore", () => {
  it("passes every check, or is told why one has nothing to do, and is proven", async () => {
    const results = await compared("restored");
    expect(
      results
        .filter(({ outcome }) => outcome !== "passed")
        .map(({ name, detail, findings }) => ({ name, detail, findings })),
    ).toEqual([{ name: "assertions", detail: "the plan asserts nothing", findings: [] }]);
    expect(judge([passed("copy", 1, ""), ...results])).toBe("proven");
  });

  it("leaves no login, privilege or extension behind", async () => {
    const state =
      "select datacl, datconnlimit, (select count(*) from pg_roles), (select count(*) from pg_namespace), (select string_agg(proacl::text, ',' order by oid) from pg_proc where proname ~ '^bt_') from pg_database where datname = 'restored'";
    await psql(
      server,
      "postgres",
      "revoke connect on database restored from public; alter database restored connection limit 1",
    );
    const before = await psql(server, "restored", state);
    const results = await compared("restored");
    expect(failedOf(results)).toEqual(["settings", "grants"]);
    expect(results.find(({ name }) => name === "tables")?.outcome).toBe("passed");
    expect(await psql(server, "restored", state)).toBe(before);
    await psql(
      server,
      "postgres",
      "grant connect on database restored to public; alter database restored connection limit -1",
    );
  });
});

describe("one alteration of the restored database", () => {
  it.each([
    ["a row lost", "delete from app.refers", ["tables"]],
    ["a row doubled", "insert into app.refers values (1, 1)", ["tables"]],
    ["a row changed by one byte", `update "Odd ""Name"."Täble" set "Ü" = 'å' where "a b" = 1`, ["tables"]],
    ["rows in another order", `update "Odd ""Name"."Täble" set "Ü" = "Ü" where "a b" = 1`, ["tables"]],
    ["a row without columns lost", "truncate app.nothing", ["tables"]],
    [
      "a row in a partition that goes through its root",
      "update app.part set v = 'z' where k = 12",
      ["tables"],
    ],
    [
      "a row in an inheriting table moved to its parent",
      "with moved as (delete from app.child returning name, note, m, p, h) insert into app.parent (name, note, m, p, h) select * from moved",
      ["tables", "generated", "sequences"],
    ],
    ["a table too many", "create table app.more ()", ["objects", "grants", "twin", "tables"]],
    ["a table absent", "drop table app.in_am", ["objects", "grants", "twin", "tables"]],
    ["a sequence behind", "select setval('app.parent_id_seq', 1)", ["sequences"]],
    ["a sequence not yet called", "select setval('app.parent_id_seq', 2, false)", ["sequences"]],
    ["a privilege missing", "revoke select on app.parent from rich_reader", ["grants", "twin"]],
    ["a privilege too many", "grant select on app.cache to public", ["grants", "twin"]],
    [
      "a default privilege missing",
      "alter default privileges for role rich_owner in schema app revoke select on tables from rich_reader",
      ["grants", "twin"],
    ],
    ["another owner", "alter table app.refers owner to rich_owner", ["grants", "twin"]],
    ["an index missing", "drop index app.part_v", ["objects", "twin"]],
    ["a trigger enabled that was not", "alter table app.parent enable trigger touch", ["objects", "twin"]],
    ["a policy missing", "drop policy only_own on app.parent", ["objects", "twin"]],
    ["a comment missing", "comment on schema app is null", ["objects", "twin"]],
    ["a constraint missing", "alter table app.refers drop constraint to_parent", ["constraints", "twin"]],
    [
      "a constraint validated that was not",
      "alter table app.refers validate constraint to_parent",
      ["constraints", "twin"],
    ],
    [
      "an extension missing",
      "drop extension postgres_fdw cascade",
      ["objects", "grants", "extensions", "twin"],
    ],
    [
      "an extension in another schema",
      "alter extension hstore set schema app",
      ["objects", "extensions", "twin"],
    ],
    ["a large object changed", "select lo_put(4711, 0, 'x')", ["large-objects"]],
    ["a large object lost", "select lo_unlink(4711)", ["large-objects"]],
    ["a large object of another owner", "alter large object 4711 owner to rich_reader", ["large-objects"]],
    ["a materialised view emptied", "refresh materialized view app.summary with no data", ["matviews"]],
    ["a setting missing", "alter database altered set work_mem = '5MB'", ["settings"]],
    [
      "a setting of a role in the database",
      "alter role rich_owner in database altered set work_mem = '5MB'",
      ["settings"],
    ],
    ["a limit of connections", "alter database altered connection limit 5", ["settings"]],
    ["a privilege on the database", "grant create on database altered to rich_reader", ["grants"]],
    ["another owner of the database", "alter database altered owner to rich_owner", ["settings", "grants"]],
  ])("%s fails the check that answers for it", async (_, change, checks) => {
    expect(failedOf(await comparedAfter(change))).toEqual(checks);
  });

  it("a generated column that was computed otherwise fails generated", async () => {
    const change =
      "create or replace function app.double(x int) returns int language sql immutable as 'select x * 3'; alter table app.parent alter doubled drop expression; update app.parent set doubled = 7";
    expect(failedOf(await comparedAfter(change))).toContain("generated");
  });

  it("a materialised view that the source had not refreshed is told, not refuted", async () => {
    await psql(
      server,
      "source",
      "insert into app.part values (3, 'q'); create materialized view app.stale as select count(*) as n from app.part; insert into app.part values (4, 'r')",
    );
    const now = await measureDatabase(server, "source", { throughRoots: ["app.part"] });
    await createDatabase(server, "stale");
    await restore("stale", await dumped("source", ["--exclude-table=none"]), []);
    const results = await compare(
      { side: "scratch", admin: { ...server.address, database: "stale" }, twin: null },
      now,
      options,
      testWait(),
    );
    expect(failedOf(results)).toEqual([]);
    const matviews = results.find(({ name }) => name === "matviews");
    expect(matviews).toMatchObject({
      outcome: "not-run",
      because: "irrelevant",
      findings: [{ subject: 'materialised view "app"."stale"' }],
    });
    expect(judge([passed("copy", 1, ""), ...results])).toBe("proven");
  });
});
