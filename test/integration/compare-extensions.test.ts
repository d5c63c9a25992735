/** What a tenant makes part of an extension is in no archive: its loss refutes, and is never proven away (promise 4). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/model/check.ts";
import { installOwnExtension } from "../corner/own-extension.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { measureDatabase } from "../support/measured-database.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, provenIn, troubles } from "../support/round-trip.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** The database as it was, compared with what `sql` makes of it. */
async function after(name: string, before: string, sql: string): Promise<readonly CheckResult[]> {
  await createDatabase(server, name);
  await psql(server, name, before);
  const image = await measureDatabase(server, name);
  await psql(server, name, sql);
  const restored = { side: "scratch", admin: { ...server.address, database: name }, twin: null } as const;
  return compareIn(restored, image, server.binFolder, { indexes: false });
}

function byName(checks: readonly CheckResult[], wanted: string): CheckResult | undefined {
  return checks.find(({ name }) => name === wanted);
}

const extended = `
  create extension pg_trgm; create table own (k int primary key); insert into own values (1);
  create function mine() returns int language sql as 'select 1';
  create view report as select k from own;
  alter extension pg_trgm add function mine(); alter extension pg_trgm add view report;`;

const inNoDump = "which no dump holds";

describe("members of an extension", () => {
  it("that the tenant made and a restore lacks are missed by name", async () => {
    const checks = await after(
      "lost",
      extended,
      `alter extension pg_trgm drop function mine(); alter extension pg_trgm drop view report; drop view report; drop function mine()`,
    );
    expect(byName(checks, "extensions")).toMatchObject({
      outcome: "failed",
      findings: [
        { subject: "member of extension pg_trgm", difference: `absent: function public.mine(), ${inNoDump}` },
        { subject: "member of extension pg_trgm", difference: `absent: view public.report, ${inNoDump}` },
      ],
    });
  });

  it("that the script makes here and did not make there are told, not refuted", async () => {
    const checks = await after(
      "extra",
      "create extension pg_trgm",
      extended.replace("create extension pg_trgm;", ""),
    );
    expect(byName(checks, "extensions")?.outcome).toBe("passed");
    expect(byName(checks, "extensions")?.detail).toMatch(/was not in the source: function public\.mine\(\)/);
  });
});

describe("what was taken out of an extension", () => {
  it("is told, since the script makes it again, and does not speak against the copy", async () => {
    await createDatabase(server, "taken");
    await psql(
      server,
      "taken",
      // Neither the type nor what takes it is there when this is looked for.
      `create type mood as enum ('good'); create function f(mood) returns int language sql return 1;
       create aggregate number(*) (sfunc = int8inc, stype = int8, initcond = '0');
       create extension citext; alter extension citext drop function translate(citext, citext, text);
       create extension pg_trgm; alter extension pg_trgm drop function show_limit(); create schema "Far";
       create extension unaccent schema "Far"; alter extension unaccent drop function "Far".unaccent(regdictionary, text);
       create extension pg_stat_statements; alter extension pg_stat_statements drop view pg_stat_statements_info`,
    );
    await using scratch = await startScratch();
    const image = memoryImage(await backupOf(server, "taken"), 4_099);
    const { problems } = await loadInto(scratch, image);
    expect(problems.map(({ subject, kind }) => [subject, kind])).toEqual([
      ["FUNCTION Far.unaccent(regdictionary, text)", "machine"],
      ["FUNCTION public.show_limit()", "machine"],
      ["FUNCTION public.translate(public.citext, public.citext, text)", "machine"],
      ["VIEW public.pg_stat_statements_info", "machine"],
    ]);
  });
});

describe("what the tenant hung on a table of an extension, which no dump holds,", () => {
  const place = `create extension holdfast_place;
    create function tf() returns trigger language plpgsql as 'begin return new; end';
    create table far (id int primary key); insert into far values (1), (2);`;
  const lasting = {
    "a trigger": [
      "create trigger tr after insert on places.system for each row execute function tf()",
      "trigger tr 5 O public.tf()",
    ],
    "a rule": ["create rule ru as on delete to places.system do also select 1", "rule ru 4 O"],
    "a policy": ["create policy po on places.system using (id > 0)", "policy po * permissive"],
    "row security": ["alter table places.system enable row level security", "row security"],
    "a check": ["alter table places.system add constraint ck check (id > 0)", "constraint ck c"],
    "a key to its own": [
      "alter table places.system add constraint fk foreign key (id) references far",
      "constraint fk f",
    ],
    "a column": ["alter table places.system add extra int", "column extra integer"],
    "a default": [
      "alter table places.system alter name set default 'x'",
      "column name text not null with default",
    ],
  } as const;

  /** Its extensions made, with what `sql` makes beside them; restored and compared. */
  async function restored(name: string, sql: string): Promise<Awaited<ReturnType<typeof provenIn>>> {
    using _installed = installOwnExtension(server.binFolder);
    await createDatabase(server, name);
    await psql(server, name, `${place} ${sql}`);
    await using scratch = await startScratch();
    return await provenIn(scratch, memoryImage(await backupOf(server, name), 4_099), "restored");
  }

  it("is missed by name", async () => {
    const sql = Object.values(lasting).map(([statement]) => statement);
    const { verdict, checks, report } = await restored("hung", sql.join(";"));
    expect(report.problems).toEqual([]);
    expect(verdict).toBe("refuted");
    const differences = byName(checks, "extensions")?.findings?.map(({ difference }) => difference);
    const wanted = Object.values(lasting).map(
      ([, identity]) => `absent: ${identity} on places.system, ${inNoDump}`,
    );
    expect(differences?.toSorted()).toEqual(wanted.toSorted());
  });

  it("is told where it is an index or statistics, and all the extension's own is there", async () => {
    const sql = `create index ix on places.system (lower(name)); create unique index ux on places.system (name); create statistics public.st on id, name, (id + 1) from places.system;
      comment on index places.ix is 'x'; comment on statistics public.st is 'y';
      create schema corner_ext; create extension holdfast_corner schema corner_ext`;
    const { verdict, checks } = await restored("aided", sql);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const detail = byName(checks, "extensions")?.detail ?? "";
    expect(detail.match(/absent: [^;]*|was not in[^;]*/g)).toEqual([
      "absent: index ix with comment 2d711642b726b04401627ca9fbac32f5 on places.system",
      "absent: statistics st with comment a1fce4363854ff888cff4b8e7875d600 on places.system",
      "absent: unique index ux on places.system",
    ]);
  });
});

describe("the comment on an extension", () => {
  it.each([
    ["was taken away", "is null"],
    ["is another", "is 'ours'"],
  ])("that %s at the source is so when it is restored", async (how, comment) => {
    const name = how.replaceAll(" ", "_");
    await createDatabase(server, name);
    await psql(server, name, `create extension "uuid-ossp"; comment on extension "uuid-ossp" ${comment}`);
    await using scratch = await startScratch();
    const { verdict, checks } = await provenIn(
      scratch,
      memoryImage(await backupOf(server, name), 4_099),
      "restored",
    );
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
  });
});

describe("a trigger of a column", () => {
  it("is the same one when columns before it were dropped", async () => {
    const trigger = "create trigger x before update of c on t for each row execute function tf()";
    const checks = await after(
      "columns",
      `create function tf() returns trigger language plpgsql as 'begin return new; end';
       create table t (a int, b int, c int); alter table t drop column a; ${trigger}`,
      `drop table t; create table t (b int, c int); ${trigger}`,
    );
    expect(checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  it("is another one when the column is", async () => {
    const checks = await after(
      "another",
      `create function tf() returns trigger language plpgsql as 'begin return new; end';
       create table t (b int, c int); create trigger x before update of c on t for each row execute function tf()`,
      `drop trigger x on t; create trigger x before update of b on t for each row execute function tf()`,
    );
    expect(byName(checks, "objects")?.outcome).toBe("failed");
  });
});

describe("a database on another major release", () => {
  it("has its rows compared, and what its catalogs count is not run", async () => {
    await createDatabase(server, "newer");
    await psql(
      server,
      "newer",
      "create table t (k int primary key); insert into t values (1); create sequence s",
    );
    const image = await measureDatabase(server, "newer");
    const { fingerprint } = image;
    const older = { ...fingerprint.server, versionNum: fingerprint.server.versionNum - 10_000 };
    const census = fingerprint.census.filter(({ kind }) => kind !== "constraint");
    const from = { ...image, fingerprint: { ...fingerprint, census, server: older } };
    const restored = { side: "target", admin: { ...server.address, database: "newer" }, twin: null } as const;
    const checks = await compareIn(restored, from, server.binFolder);
    expect(checks.filter(({ outcome, because }) => outcome === "failed" || because === "machine")).toEqual(
      [],
    );
    expect(byName(checks, "objects")).toMatchObject({ outcome: "not-run", because: "irrelevant" });
    expect(byName(checks, "constraints")?.detail).toMatch(/cannot be compared with those of/);
    expect(byName(checks, "tables")?.outcome).toBe("passed");
    expect(byName(checks, "sequences")?.outcome).toBe("passed");
  });
});

describe("members that were altered at the source, which no dump holds,", () => {
  it("are told by name, beside those that are as their script made them", async () => {
    using _installed = installOwnExtension(server.binFolder);
    await createDatabase(server, "altered");
    await psql(
      server,
      "altered",
      `create schema corner_ext; create extension holdfast_corner schema corner_ext; create extension pg_trgm; create extension citext;
       create or replace function corner_ext.setting_count() returns bigint language sql stable as 'select -1::bigint';
       alter table corner_ext.whole set (fillfactor = 70); comment on column corner_ext.setting.name is 'ours';
       comment on table corner_ext.child is 'ours'; alter function similarity(text, text) cost 7`,
    );
    await using scratch = await startScratch();
    const image = memoryImage(await backupOf(server, "altered"), 4_099);
    const { verdict, checks } = await provenIn(scratch, image, "restored");
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const told = byName(checks, "extensions")
      ?.detail.split("; ")
      .filter((one) => one.startsWith("not as"));
    const of = (extension: string, names: string): string =>
      `not as the script of ${extension} makes them here, and in no dump: ${names}`;
    expect(told).toEqual([
      of(
        "holdfast_corner",
        "function corner_ext.setting_count(), table corner_ext.child, table corner_ext.setting, table corner_ext.whole",
      ),
      of("pg_trgm", "function public.similarity(pg_catalog.text,pg_catalog.text)"),
    ]);
  });
});
