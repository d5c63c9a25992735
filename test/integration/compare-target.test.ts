/** On a real target nothing of the comparison runs a tenant's code with power, and none gains what the target's roles may. */
import { schemaPublic } from "../../src/postgres/readings/definitions.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/model/check.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { occupantsOf } from "../../src/postgres/target/target.ts";
import { measureDatabase } from "../support/measured-database.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { compareIn } from "../support/round-trip.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("the administrator who compares", () => {
  it("reads neither generated columns nor materialised views whose indexes call functions", async () => {
    await createDatabase(server, "armed");
    await psql(
      server,
      "armed",
      `create table t (a int, b int generated always as (a * 2) stored); insert into t values (1), (2);
       create materialized view m as select 1 as a;`,
    );
    // Measured before the indexes are there, so that there are digests to compare with.
    const image = await measureDatabase(server, "armed");
    await psql(
      server,
      "armed",
      `create function one() returns int language plpgsql immutable as 'begin return 1; end';
       create index on t ((a + one())); create index on m ((a + one()));
       create or replace function one() returns int language plpgsql immutable as 'begin raise exception using message = ''ran as '' || session_user; end'`,
    );
    await expect(psql(server, "armed", "explain select b from t")).rejects.toThrow(/ran as postgres/);
    const restored = { side: "target", admin: { ...server.address, database: "armed" }, twin: null } as const;
    const checks = new Map(
      (await compareIn(restored, image, server.binFolder)).map((check) => [check.name, check]),
    );
    expect(checks.get("tables")?.outcome).toBe("passed");
    for (const name of ["generated", "matviews"] as const) {
      expect(checks.get(name)).toMatchObject({ outcome: "not-run", because: "machine" });
      expect(checks.get(name)?.detail).toMatch(/could call functions of the tenant/);
    }
  });
});

describe("an administrator who is no superuser", () => {
  it("accuses no target of options of user mappings, which he is not shown, and says so", async () => {
    await createDatabase(server, "mapped");
    await psql(
      server,
      "mapped",
      `create role tenant_app; create role steward login createrole password '${server.address.password ?? ""}'; grant pg_read_all_data to steward;
       create foreign data wrapper w; create server far foreign data wrapper w;
       create user mapping for tenant_app server far options (password 'p')`,
    );
    const image = await measureDatabase(server, "mapped");
    const objectsBy = async (user: string): Promise<CheckResult | undefined> => {
      const admin = { ...server.address, database: "mapped", user };
      const checks = await compareIn({ side: "target", admin, twin: null }, image, server.binFolder);
      return checks.find(({ name }) => name === "objects");
    };
    const by = await objectsBy("steward");
    expect(by).toMatchObject({ outcome: "passed", findings: [] });
    expect(by?.detail).toContain("options of a user mapping: 1 not compared, since only a superuser");
    expect((await objectsBy(server.address.user))?.detail).not.toContain("not compared");
    await psql(server, "mapped", "alter user mapping for tenant_app server far options (set password 'q')");
    expect(await objectsBy(server.address.user)).toMatchObject({
      outcome: "failed",
      findings: [
        { subject: "options of a user mapping", difference: "1 as expected, but not the same ones" },
      ],
    });
  });
});

describe("assertions on a target", () => {
  it("have the rights of the tenant's roles, and none over the server, nor those of roles that reach further", async () => {
    await createDatabase(server, "asserted");
    await psql(
      server,
      "asserted",
      `create role plain; create role boss createrole; create role reader in role pg_read_all_data; create role by_detour in role reader;
       alter database asserted owner to boss;
       create table a (k int); alter table a owner to plain; insert into a values (1);
       create table b (k int); alter table b owner to boss; create table c (k int); alter table c owner to by_detour`,
    );
    const image = await measureDatabase(server, "asserted");
    const restored = {
      side: "target",
      admin: { ...server.address, database: "asserted" },
      twin: null,
    } as const;
    const asked = async (query: string): Promise<string | undefined> => {
      const assertions = [{ name: "one", query, expect: "1" }];
      const checks = await compareIn(restored, image, server.binFolder, { assertions });
      const { outcome, detail } = checks.find(({ name }) => name === "assertions") ?? {};
      return outcome === "not-run" ? detail : outcome;
    };
    expect(await asked("select count(*) from a")).toBe("passed");
    expect(await asked("select count(*) + 1 from b")).toMatch(/may not read/);
    expect(await asked("select count(*) + 1 from c")).toMatch(/may not read/);
    expect(await asked("select count(*) from pg_authid")).toMatch(/may not read/);
    expect(await psql(server, "postgres", "select count(*) from pg_roles where rolname like 'hf_%'")).toBe(
      "0",
    );
  });
});

describe("a database to restore into", () => {
  it.each([
    ["a collation", "create collation c (locale = 'C')", "collation"],
    ["an operator", "create operator === (function = int4eq, leftarg = int, rightarg = int)", "operator"],
    ["a cast", "create type coin as enum (); create cast (text as coin) with inout", "cast"],
    [
      "a foreign server",
      "create foreign data wrapper w; create server s foreign data wrapper w",
      "foreign server",
    ],
    ["default privileges", "alter default privileges grant select on tables to public", "default privilege"],
    [
      "a text search configuration",
      "create text search configuration t (copy = simple)",
      "text search object",
    ],
    ["a language", "create language l handler plpgsql_call_handler", "language"],
  ])("is not empty with %s in it", async (_, sql, kind) => {
    const name = `not_empty_${kind.replaceAll(" ", "_")}`;
    await createDatabase(server, name);
    const address = { ...server.address, database: name };
    await using session = await connect(address, "target", {}, testWait());
    expect(await occupantsOf(session)).toEqual([]);
    await psql(server, name, sql);
    expect((await occupantsOf(session)).map((one) => one.kind)).toContain(kind);
  });
});

describe("the owner of schema public, told of sources before 15,", () => {
  /** What the comparison says of it where it was `wanted` there. */
  async function compared(name: string, wanted: string): Promise<unknown> {
    await createDatabase(server, name);
    await psql(server, name, `alter schema public owner to ${server.address.user}`);
    const image = await measureDatabase(server, name);
    const { fingerprint } = image;
    const owner = { kind: schemaPublic, schema: "", name: "public", part: "owner", text: wanted };
    const definitions = [...(fingerprint.definitions ?? []), owner];
    const restored = { side: "target", admin: { ...server.address, database: name }, twin: null } as const;
    const from = { ...image, fingerprint: { ...fingerprint, definitions } };
    const checks = await compareIn(restored, from, server.binFolder);
    return checks.find((check) => check.name === "objects");
  }

  it("is the same one where that made the target's cluster, and another one is missed", async () => {
    expect(await compared("same_owner", server.address.user)).toMatchObject({ outcome: "passed" });
    const difference = `expected somebody, found ${server.address.user}`;
    expect(await compared("other_owner", "somebody")).toMatchObject({ findings: [{ difference }] });
  });
});

describe("privileges in information_schema that somebody had altered on an empty target", () => {
  it("are told where the database was there before, and speak against a load that made it", async () => {
    await createDatabase(server, "altered");
    const image = await measureDatabase(server, "altered");
    await psql(server, "altered", "grant select on information_schema._pg_user_mappings to public");
    const grants = async (existed: boolean): Promise<CheckResult | undefined> => {
      const admin = { ...server.address, database: "altered" };
      const checks = await compareIn({ side: "target", admin, twin: null, existed }, image, server.binFolder);
      return checks.find(({ name }) => name === "grants");
    };
    const told = await grants(true);
    expect(told?.outcome).toBe("passed");
    expect(told?.detail).toMatch(/altered on the target before.*information_schema\._pg_user_mappings/);
    expect((await grants(false))?.outcome).toBe("failed");
  });
});
