/**
 * What a snapshot measures is what a comparison finds after a load into scratch: a schema of nearly
 * every kind goes round and comes back proven, as a whole database and as one schema of it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import type { Scope } from "../../src/model/fingerprint.ts";
import { compare } from "../../src/postgres/compare/compare.ts";
import type { Image } from "../../src/postgres/image.ts";
import { load } from "../../src/postgres/load/load.ts";
import { openSnapshot } from "../../src/postgres/source/open-snapshot.ts";
import { startPrivateServer, type PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import {
  createDatabase,
  psql,
  startTestServer,
  testBinFolder,
  testRunAs,
  testServerRoot,
  testWait,
  urlOf,
} from "../support/postgres-server.ts";
import { richSchema } from "../support/rich-schema.ts";

let source: PrivateServer;
let scratch: PrivateServer;

beforeAll(async () => {
  source = await startTestServer();
  await createDatabase(source, "rich");
  await psql(source, "rich", richSchema);
  await psql(
    source,
    "rich",
    `create type app.colour as enum ('red', 'blue'); create table app.by_colour (c app.colour, v text) partition by hash (c);
     create table app.by_colour_0 partition of app.by_colour for values with (modulus 2, remainder 0);
     create table app.by_colour_1 (v text, c app.colour); alter table app.by_colour attach partition app.by_colour_1 for values with (modulus 2, remainder 1);
     create view app.unnamed as select q.n, exists (select null from app.by_colour) as some,
       (select 'x' collate "C" union select null limit 1) as last from (select -1, null::date union all select null, '2026-01-01') q(n, t);
     create table app.strict (c int not null); create table app.lax () inherits (app.strict);
     create table app.laxer () inherits (app.lax); alter table app.lax alter c drop not null; alter table app.laxer alter c drop not null;
     create function app.to_small(boolean) returns smallint language sql immutable as 'select case when $1 then 1::smallint else 0::smallint end';
     create cast (boolean as smallint) with function app.to_small(boolean) as assignment;
     create function app.to_id(varchar) returns uuid language plpgsql immutable as 'begin return $1::text::uuid; end';
     create cast (varchar as uuid) with function app.to_id(varchar) as implicit;
     insert into app.by_colour select (array['red', 'blue']::app.colour[])[1 + i % 2], i::text from generate_series(1, 50) i;
     alter database rich set work_mem = '5MB'; alter role rich_owner in database rich set search_path = app; revoke connect on database rich from public;
     grant connect on database rich to rich_reader; comment on database rich is 'a rich one'; alter role rich_reader set work_mem = '6MB'`,
  );
  scratch = await startPrivateServer(
    {
      root: testServerRoot,
      binFolder: testBinFolder(),
      superuser: { kind: "random" },
      runAs: testRunAs(),
      chance: systemChance,
    },
    testWait(),
  );
});

afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

/** A backup that is held in memory. */
async function imageOf(scope: Scope): Promise<Image> {
  const wait = testWait();
  await using snapshot = await openSnapshot(
    { url: urlOf(source, scope.database), scope },
    {
      jobs: 2,
      leaveOutExtensions: [],
      largeObjects: scope.kind === "database" ? "include" : "ignore",
      yieldAfterMs: 10_000,
      maxAgeMs: 100_000,
      sliceBlocks: 1000,
      binFolders: [source.binFolder],
    },
    wait,
  );
  const streams = new Map<string, Buffer>();
  for await (const { id, bytes } of snapshot.streams(wait)) {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(Buffer.from(part));
    streams.set(id, Buffer.concat(parts));
  }
  const fingerprint = await snapshot.fingerprint(wait);
  async function* read(
    stream: string,
    range: { from: number; to: number } | null,
  ): AsyncGenerator<Uint8Array> {
    const whole = streams.get(stream) ?? Buffer.alloc(0);
    yield await Promise.resolve(range === null ? whole : whole.subarray(range.from, range.to));
  }
  return { fingerprint, read };
}

async function roundTrip(scope: Scope, name: string): Promise<CheckResult[]> {
  const wait = testWait();
  const image = await imageOf(scope);
  const destination = { side: "scratch", admin: scratch.address, create: true } as const;
  const loading = { jobs: 2, chance: systemChance } as const;
  const report = await load(image, { ...destination, database: name }, { ...loading, content: "all" }, wait);
  expect(report.problems).toEqual([]);
  const twin = { ...scratch.address, database: `${name}_twin` };
  const restored = {
    side: "scratch",
    admin: { ...scratch.address, database: name },
    twin: async () => {
      await load(
        image,
        { ...destination, database: twin.database },
        { ...loading, content: "structure" },
        wait,
      );
      return twin;
    },
  } as const;
  const programs = await findPrograms([source.binFolder], null, wait);
  const assertions = [{ name: "rows", query: "select count(*) from app.parent", expect: "3" }];
  return compare(
    restored,
    image,
    {
      jobs: 2,
      programs,
      assertions,
      assertionLimitMs: 60_000,
      indexes: true,
      onlyTables: null,
      chance: systemChance,
    },
    wait,
  );
}

const notPassed = (results: readonly CheckResult[]): unknown[] =>
  results
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ name, outcome, detail, findings }) => ({ name, outcome, detail, findings }));

describe("a round trip", () => {
  it("of a whole database passes every check and is proven", async () => {
    const results = await roundTrip({ kind: "database", database: "rich" }, "whole");
    expect(notPassed(results)).toEqual([]);
    expect(judge([passed("copy", 1, ""), ...results])).toBe("proven");
  });

  it("lists the columns that may be null beneath others that may not, which no dump can say", async () => {
    const { fingerprint } = await imageOf({ kind: "database", database: "rich" });
    const listed = fingerprint.omitted.filter(({ kind }) => kind === "column that may be null");
    expect(listed.map(({ name }) => name)).toEqual(["app.lax.c", "app.laxer.c"]);
  });

  it("of one schema is proven, and told that large objects were ignored", async () => {
    const scope: Scope = { kind: "schemas", database: "rich", schemas: ["app"] };
    await psql(source, "rich", "drop foreign table app.far; drop table app.in_am");
    const results = await roundTrip(scope, "one_schema");
    expect(notPassed(results)).toEqual([
      { name: "large-objects", outcome: "not-run", detail: "the plan ignores large objects", findings: [] },
    ]);
    expect(judge([passed("copy", 1, ""), ...results])).toBe("proven");
  });
});
