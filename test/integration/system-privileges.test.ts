/** What was granted and revoked on the system's own objects is proven where pg_dump tells it, and listed as left out where it does not. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import { readOmitted } from "../../src/postgres/readings/omitted.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import {
  createDatabase,
  psql,
  startTestServer,
  testBinFolder,
  testMajor,
  testWait,
} from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

const scope = { kind: "database", database: "hardened" } as const;
const notDumped = {
  kind: "privileges",
  name: "in information_schema",
  reason: "altered there, and left out by pg_dump",
};
let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "hardened");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Of the database after these statements, which are taken back again. */
async function omittedAfter(...statements: readonly string[]): ReturnType<typeof readOmitted> {
  const address = { ...server.address, database: "hardened" };
  await using session = await connect(address, "source", {}, testWait());
  await session.query("begin");
  for (const statement of statements) await session.query(statement);
  await setExactText(session);
  const options = {
    leaveOutExtensions: [],
    largeObjects: "include",
    extensionRelations: [],
    roles: ["tuner"],
  } as const;
  return await readOmitted(session, scope, options);
}

it.each([
  "grant usage on schema information_schema to pg_monitor",
  "revoke usage on schema information_schema from public",
  "revoke select on information_schema.columns from public",
  "grant select on information_schema._pg_user_mappings to public",
  "grant select (table_name) on information_schema.tables to pg_monitor",
  "revoke usage on type information_schema.sql_identifier from public",
  "revoke execute on function information_schema._pg_char_max_length(oid, int) from public",
])("%s is listed as left out", async (statement) => {
  expect(await omittedAfter(statement)).toContainEqual(notDumped);
});

it.runIf(testMajor() >= 15)(
  "privileges on parameters of the server are listed as left out, to whom the backup knows",
  async () => {
    const statements = [
      "create role tuner",
      "create role stranger",
      "grant set on parameter work_mem to tuner, stranger",
      "grant alter system on parameter log_statement to public",
      "grant set on parameter jit to stranger",
    ];
    const told = (await omittedAfter(...statements)).filter(
      ({ kind }) => kind === "privileges on a parameter",
    );
    expect(told).toEqual([
      {
        kind: "privileges on a parameter",
        name: "log_statement",
        reason: "to everybody; of the server, and in no dump of a database",
      },
      {
        kind: "privileges on a parameter",
        name: "work_mem",
        reason: "to tuner; of the server, and in no dump of a database",
      },
    ]);
  },
);

it("text search of the system that was altered in place, and who owns an extension, are listed as left out", async () => {
  expect(
    await omittedAfter(
      "create extension hstore schema public",
      "create role owns_extensions",
      "update pg_extension set extowner = 'owns_extensions'::regrole where extname = 'hstore'",
      "create text search dictionary public.own (template = simple)",
      "alter text search configuration pg_catalog.english alter mapping for word with public.own, english_stem",
      "alter text search configuration pg_catalog.french drop mapping for word",
      "alter text search dictionary pg_catalog.simple (accept = false)",
      "alter text search dictionary pg_catalog.german_stem (stopwords = english)",
    ),
  ).toEqual([
    {
      kind: "owner of an extension",
      name: "hstore",
      reason: "it is owns_extensions; a restore makes extensions its own",
    },
    expect.objectContaining({ kind: "password" }),
    ...["configuration english", "configuration french", "dictionary german_stem", "dictionary simple"].map(
      (name) => ({
        kind: "text search of the system",
        name,
        reason: "altered there, and left out by pg_dump",
      }),
    ),
  ]);
});

it("privileges on what comes with a range are listed as left out", async () => {
  const omitted = await omittedAfter(
    "create schema app",
    "create type app.span as range (subtype = int4)",
    "revoke execute on function app.span(int, int) from public",
    // From 17 on a multirange has the privileges of its range.
    ...(testMajor() >= 14 && testMajor() < 17
      ? ["revoke usage on type app.span_multirange from public"]
      : []),
  );
  expect(omitted.filter(({ kind }) => kind === "privileges").map(({ name }) => name)).toEqual([
    "on function app.span(integer,integer), which came with its range",
    ...(testMajor() >= 14 && testMajor() < 17
      ? ["on type app.span_multirange, which came with its range"]
      : []),
  ]);
});

it("columns of XML, whose declarations the server does not send, are listed as left out", async () => {
  const omitted = await omittedAfter(
    "create schema app",
    "create domain app.page as xml",
    "create type app.pair as (one text, two app.page)",
    "create table app.pages (id int, plain xml, page app.page, pair app.pair, pairs app.pair[], words text)",
  );
  const reason = "the server sends values without version 1.0 and encoding";
  expect(omitted.filter(({ kind }) => kind !== "password")).toEqual(
    ["page", "pair", "pairs", "plain"].map((name) => ({
      kind: "declarations of XML",
      name: `app.pages.${name}`,
      reason,
    })),
  );
});

it("what was granted there and revoked again is not listed, nor is a database as it was made", async () => {
  expect(await omittedAfter()).not.toContainEqual(notDumped);
  const undone = ["select on information_schema.tables", "select (table_name) on information_schema.columns"];
  const statements = undone.flatMap((what) => [
    `grant ${what} to pg_monitor`,
    `revoke ${what} from pg_monitor`,
  ]);
  expect(await omittedAfter(...statements)).not.toContainEqual(notDumped);
});

it("a hardened source is proven, with the last privilege of a system's column that was taken away", async () => {
  await psql(
    server,
    "hardened",
    `revoke select on all tables in schema information_schema from public;
     revoke select (subname) on pg_catalog.pg_subscription from public`,
  );
  const image = memoryImage(await backupOf(server, "hardened"));
  expect(image.fingerprint.omitted).toContainEqual(notDumped);
  const definitions = image.fingerprint.definitions ?? [];
  // Of the many that no dump tells one is as good as all.
  expect(definitions.filter(({ kind }) => kind === "privileges in no dump")).toContainEqual({
    kind: "privileges in no dump",
    schema: "information_schema",
    name: "views",
    part: "",
    text: "-public:SELECT",
  });
  expect(definitions.filter(({ kind }) => kind !== "privileges in no dump")).toEqual([
    {
      kind: "privileges in the system",
      schema: "pg_catalog",
      name: "pg_subscription",
      part: "subname",
      text: "-public:SELECT",
    },
  ]);
  await using scratch = await startScratch();
  const { checks, verdict } = await provenIn(scratch, image, "hardened");
  expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
});

it("what no dump tells of a source is listed as left out, and refutes no copy that lacks it", async () => {
  await createDatabase(server, "unspoken");
  await psql(
    server,
    "unspoken",
    `create extension hstore;
     create table kept (id int primary key); create table refers (id int references kept);
     create table parted (id int) partition by list (id); create table part partition of parted for values in (1);
     create table parted_child (id int references kept) partition by list (id);
     create table child_part partition of parted_child for values in (1); alter table child_part disable trigger all;
     insert into kept values (1); insert into refers values (1); insert into parted values (1);
     alter table refers disable trigger all; alter table kept disable trigger all;
     revoke usage on type refers from public; revoke usage on language sql from public;
     create function goes() returns int language sql as 'select 1'; alter function goes() depends on extension hstore;
     create materialized view seen as select id::text as id from kept; alter materialized view seen alter id set storage main;
     update pg_inherits set inhdetachpending = true where inhrelid = 'part'::regclass;
     create aggregate totals(int) (sfunc = int4pl, stype = int); alter routine totals(int) depends on extension hstore;
     create role stranger;
     insert into pg_shseclabel values ('postgres'::regrole, 'pg_authid'::regclass, 'provider', 'label'),
       ('stranger'::regrole, 'pg_authid'::regclass, 'other', 'label'),
       ((select oid from pg_database where datname = 'unspoken'), 'pg_database'::regclass, 'provider', 'label')`,
  );
  const image = memoryImage(await backupOf(server, "unspoken"));
  expect(image.fingerprint.omitted.map(({ kind, name }) => `${kind}: ${name}`)).toEqual([
    "constraint: parted_child_id_fkey on public.child_part",
    "constraint: parted_child_id_fkey on public.parted_child",
    "constraint: refers_id_fkey on public.refers",
    "dependence on an extension: public.totals(integer)",
    "detaching of a partition: public.part",
    "password: all",
    "privileges: on languages of the server",
    "privileges: on the row type of public.refers",
    "security labels: of the database",
    "security labels: of roles",
  ]);
  await using scratch = await startScratch();
  const { report, checks, verdict } = await provenIn(scratch, image, "unspoken");
  expect(report.problems).toEqual([]);
  expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
  const told = checks.map(({ detail }) => detail).join("\n");
  expect(told).toContain(
    "constraint that is not watched over: absent: refers_id_fkey on public.refers at public.kept",
  );
  expect(told).toContain(
    "not in any dump: privileges in no dump of .sql, privileges in no dump of public.refers",
  );
});

it("a table in a schema of the system, which pg_dump reads past with its rows, refutes every copy by name", async () => {
  await createDatabase(server, "misplaced");
  await psql(
    server,
    "misplaced",
    `create table information_schema.ledger (amount int); insert into information_schema.ledger values (7);
     create function pg_catalog.twice(int) returns int language sql as 'select 2 * $1';
     create view information_schema.seen as select 1 as one;
     create operator pg_catalog.@@@@ (leftarg = int, rightarg = int, function = int4eq);
     create type pg_catalog.mood as enum ('good'); create type pg_catalog.span as range (subtype = int4);
     create text search configuration pg_catalog.words (copy = simple);
     create table public.kept (id int)`,
  );
  const image = memoryImage(await backupOf(server, "misplaced"));
  await using scratch = await startScratch();
  const { checks, verdict } = await provenIn(scratch, image, "misplaced");
  const findings = checks.flatMap((check) => check.findings);
  expect({ verdict, findings }).toEqual({
    verdict: "refuted",
    findings: [
      {
        subject: "table in a schema of the system",
        difference: "absent: information_schema.ledger, which no dump holds",
      },
    ],
  });
  const left = image.fingerprint.omitted.filter(({ kind }) => kind === "object in a schema of the system");
  expect(left.map(({ name }) => name)).toEqual([
    "function pg_catalog.twice(integer)",
    "operator pg_catalog.@@@@(integer,integer)",
    "text search configuration pg_catalog.words",
    "type pg_catalog.mood",
    "type pg_catalog.span",
    "view information_schema.seen",
  ]);
});

it("an information_schema that was made anew, as release notes have asked, refutes nothing and is not listed", async () => {
  await createDatabase(server, "anew");
  await psql(server, "anew", "drop schema information_schema cascade");
  const { stdout } = await run(
    { file: join(testBinFolder(), "pg_config"), args: ["--sharedir"], env: {} },
    testWait(),
  );
  await psql(
    server,
    "anew",
    await readFile(join(stdout.toString().trim(), "information_schema.sql"), "utf8"),
  );
  const image = memoryImage(await backupOf(server, "anew"));
  expect(image.fingerprint.omitted.filter(({ kind }) => /system|information/.test(kind))).toEqual([]);
  await using scratch = await startScratch();
  const { checks, verdict } = await provenIn(scratch, image, "anew");
  expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
});
