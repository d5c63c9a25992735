/**
 * Neither a backup nor a restore needs a superuser: a role that may read everything backs up a tenant owned by
 * others, and an administrator who may make roles and databases brings it back; what either cannot do is told.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { weighTarget } from "../../src/postgres/compare/weigh-target.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let target: PrivateServer;
let scratch: PrivateServer;
let image: Image;

beforeAll(async () => {
  [source, target, scratch] = await Promise.all([startTestServer(), startTestServer(), startScratch()]);
  await createDatabase(source, "tenant");
  await psql(
    source,
    "tenant",
    `create role tenant_owner login; create role tenant_reader; grant tenant_reader to tenant_owner;
     create role reader login password 'pw' bypassrls in role pg_read_all_data;
     grant select on pg_catalog.pg_largeobject to reader;
     alter database tenant owner to tenant_owner; revoke connect on database tenant from public;
     grant connect on database tenant to reader, tenant_reader; alter database tenant set work_mem = '7MB';
     set role tenant_owner;
     create schema app; create type app.mood as enum ('sad', 'happy');
     create table app.t (id int primary key generated always as identity, note text, m app.mood,
                         twice text generated always as (note || note) stored);
     insert into app.t (note, m) select 'row ' || i, 'happy' from generate_series(1, 500) i;
     create table app.child (t int references app.t); insert into app.child select 1 + i % 500 from generate_series(1, 200) i;
     alter table app.t enable row level security; create policy mine on app.t to tenant_reader using (id < 10);
     grant select on app.t to tenant_reader with grant option; alter default privileges in schema app grant select on tables to tenant_reader;
     create view app.v as select note from app.t; create materialized view app.mv as select m, count(*) from app.t group by m;
     create function app.f(int) returns int language sql security definer as 'select $1';
     create sequence app.s; select nextval('app.s'); comment on table app.t is 'rows';
     select lo_from_bytea(4712, 'large'); grant select on large object 4712 to tenant_reader;
     reset role; create foreign data wrapper far; create server there foreign data wrapper far;
     create user mapping for tenant_owner server there options (password 'secret');
     create function app.fire() returns event_trigger language plpgsql as 'begin end';
     create event trigger fires on ddl_command_end execute function app.fire()`,
  );
  await psql(target, "postgres", "create role admin login password 'pw' createrole createdb");
});

afterAll(async () => {
  await Promise.all([source, target, scratch].map((server) => server[Symbol.asyncDispose]()));
});

describe("without a superuser", () => {
  it("a tenant of somebody else's is backed up and proven, and what could not be read is listed", async () => {
    image = memoryImage(await backupOf(source, "tenant", { login: { user: "reader", password: "pw" } }));
    expect(image.fingerprint.omitted.map(({ kind, name }) => `${kind}: ${name}`)).toContain(
      "options of a user mapping: tenant_owner on server there",
    );
    const { report, checks, verdict } = await provenIn(scratch, image, "tenant");
    expect(report.problems).toEqual([]);
    expect(troubles(checks)).toEqual([]);
    expect(verdict).toBe("proven");
  });

  it("a tenant is restored as far as an administrator of roles and databases may, and nothing is refuted", async () => {
    const admin = { ...target.address, user: "admin", password: "pw", database: "postgres" };
    const report = await loadInto(target, image, {
      destination: { side: "target", admin, database: "tenant" },
    });
    const restored = { side: "target", admin: { ...admin, database: "tenant" }, twin: null } as const;
    const compared = await compareIn(restored, image, target.binFolder);
    const checks = weighTarget(compared, report.problems);

    expect(report.problems.filter(({ kind }) => kind === "data")).toEqual([]);
    expect(report.problems.map(({ subject }) => subject)).toEqual([
      "FOREIGN DATA WRAPPER far",
      "SERVER there",
      "USER MAPPING USER MAPPING tenant_owner SERVER there",
      "OWNER of FUNCTION app.fire()",
      "ACL pg_catalog.TABLE pg_largeobject",
      "EVENT TRIGGER fires",
    ]);
    const outcomes = new Map(checks.map(({ name, outcome }) => [name, outcome]));
    expect([...outcomes].filter(([, outcome]) => outcome === "failed")).toEqual([]);
    expect([...outcomes].filter(([, outcome]) => outcome === "passed").map(([name]) => name)).toEqual([
      "archive",
      "constraints",
      "settings",
      "extensions",
      "tables",
      "generated",
      "matviews",
      "sequences",
    ]);
    const differences = checks.flatMap(({ findings }) => findings.map(({ difference }) => difference));
    expect(differences.sort()).toEqual([
      // Definitions that are told by subject alone.
      "absent",
      "absent: event trigger fires postgres",
      "absent: far ",
      "absent: fires ddl_command_end O app.fire ",
      "absent: foreign data wrapper far postgres",
      "absent: function app.fire() postgres",
      "absent: server there postgres",
      "absent: tenant_owner SERVER there",
      "absent: there far ",
      "was not in the source: function app.fire() tenant_owner",
    ]);
  });

  it("no temporary login stays on the target", async () => {
    const left = await psql(
      target,
      "postgres",
      "select rolname from pg_roles where rolname ~ '^(holdfast|hf)_'",
    );
    expect(left).toBe("");
  });
});
