/**
 * A restored database is hostile ground and its server may die: the comparison runs none of the tenant's code
 * with power (trap 19), and takes trouble of the machine neither for a pass nor for a refutation (promise 5).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import type { Assertion } from "../../src/model/plan.ts";
import { compare } from "../../src/postgres/compare/compare.ts";
import type { CompareOptions } from "../../src/postgres/compare/restored.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { measureDatabase } from "../support/measured-database.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";

/** Every place where code of a tenant could run reports whether it ran with power; event triggers refuse everything. */
const hostileSchema = `
  create role tenant; create schema app authorization tenant; alter database hostile owner to tenant;
  create table app.seen (who text);
  create function app.power() returns boolean language sql stable as 'select rolsuper from pg_roles where rolname = session_user';
  create function app.spy(k int) returns int language plpgsql immutable set search_path = '' as $$
    begin
      if app.power() and current_setting('app.armed', true) = 'yes' then raise exception 'ran with power'; end if;
      return k;
    end $$;
  create table app.t (k int primary key, v numeric, doubled int generated always as (k * 2) stored);
  create index on app.t (app.spy(k)); insert into app.t select i, i from generate_series(1, 200) i;
  create table app.balance (debit int, credit int); insert into app.balance values (5, 5), (7, 7);
  create view app.report as select sum(v) as total, app.power() as power from app.t;
  alter table app.t enable row level security; alter table app.t force row level security; create policy nothing on app.t using (false);
  create function app.refuse() returns event_trigger language plpgsql as $$ begin raise exception 'the event trigger ran'; end $$;
  create event trigger refuse_start on ddl_command_start execute function app.refuse();
  alter event trigger refuse_start enable always; set session_replication_role = replica;
  create event trigger refuse_drop on sql_drop execute function app.refuse();
  alter database hostile set app.armed = 'yes'; alter database hostile set role = 'tenant'; alter database hostile set statement_timeout = '1ms'; alter database hostile set default_transaction_read_only = on;
`;

let server: PrivateServer;
let image: Image;
let options: CompareOptions;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "hostile");
  await psql(server, "hostile", hostileSchema);
  image = await measureDatabase(server, "hostile");
  options = {
    jobs: 2,
    programs: await findPrograms([server.binFolder], null, testWait()),
    assertions: [],
    assertionLimitMs: 20_000,
    indexes: true,
    onlyTables: null,
    chance: systemChance,
  };
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function compared(more: Partial<CompareOptions> = {}): Promise<CheckResult[]> {
  const admin = { ...server.address, database: "hostile" };
  return compare({ side: "scratch", admin, twin: null }, image, { ...options, ...more }, testWait());
}

async function asserted(...assertions: Assertion[]): Promise<CheckResult | undefined> {
  return assertedWithin(options.assertionLimitMs, assertions);
}

async function assertedWithin(
  assertionLimitMs: number,
  assertions: readonly Assertion[],
): Promise<CheckResult | undefined> {
  return (await compared({ assertions, indexes: false, assertionLimitMs })).find(
    ({ name }) => name === "assertions",
  );
}

describe("a hostile restored database", () => {
  it("is compared whole, its own settings, row security and event triggers notwithstanding", async () => {
    const results = await compared();
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(results.filter(({ because }) => because === "machine")).toEqual([]);
    expect(results.find(({ name }) => name === "indexes")?.outcome).toBe("passed");
    expect(judge([passed("copy", 1, ""), ...results])).toBe("proven");
  });

  it("has its event triggers awake again, and no amcheck, after its indexes were read", async () => {
    await compared();
    const state =
      "select string_agg(concat(evtname, evtenabled), ' ' order by evtname) || (select count(*) from pg_extension) from pg_event_trigger";
    expect(
      await psql(
        server,
        "hostile",
        `set default_transaction_read_only = off; set role none; set statement_timeout = 0; ${state}`,
      ),
    ).toBe("refuse_dropO refuse_startA1");
  });

  it("shows an index that lacks a row of its table", async () => {
    const off =
      "update pg_index set indisready = false, indisvalid = false where indexrelid = 'app.t_pkey'::regclass";
    const on =
      "update pg_index set indisready = true, indisvalid = true where indexrelid = 'app.t_pkey'::regclass";
    const asAdmin =
      "set default_transaction_read_only = off; set role none; set statement_timeout = 0; set app.armed = 'no';";
    await psql(
      server,
      "hostile",
      `${asAdmin} ${off}; update app.t set k = 1000 where k = 200; update app.t set k = 200 where k = 1000; ${on}`,
    );
    try {
      const results = await compared();
      expect(results.find(({ name }) => name === "indexes")).toMatchObject({
        outcome: "failed",
        findings: [{ subject: "index app.t_pkey", sqlState: "XX001" }],
      });
    } finally {
      await psql(
        server,
        "hostile",
        `${asAdmin} begin; truncate app.t; insert into app.t select i, i from generate_series(1, 200) i; commit`,
      );
    }
  });
});

describe("assertions", () => {
  it("hold when the value is the expected one, row security notwithstanding", async () => {
    const result = await asserted({
      name: "balanced",
      query: "select sum(debit) - sum(credit) from app.balance;",
      expect: "0",
    });
    expect(result).toMatchObject({ outcome: "passed", compared: 1 });
  });

  it("fail when it is another, and keep the value out of the detail", async () => {
    const result = await asserted({
      name: "total",
      query: "select sum(debit) from app.balance",
      expect: "13",
    });
    expect(result).toMatchObject({
      outcome: "failed",
      findings: [{ subject: "assertion total", difference: "expected 13, found 12" }],
    });
    expect(result?.detail).not.toContain("12");
  });

  it("fail when the data answer with an error, which is told with its SQLSTATE", async () => {
    const result = await asserted({
      name: "ratio",
      query: "select debit / (credit - 5) from app.balance limit 1",
      expect: "1",
    });
    expect(result).toMatchObject({ outcome: "failed", findings: [{ sqlState: "22012" }] });
  });

  it("run without power, through a view as well", async () => {
    const result = await asserted(
      {
        name: "session",
        query: "select rolsuper from pg_roles where rolname = session_user",
        expect: "false",
      },
      { name: "view", query: "select power from app.report", expect: "false" },
    );
    expect(result).toMatchObject({ outcome: "passed", compared: 2 });
  });

  it.each([
    ["that is not valid SQL", "selec 1", /is not valid SQL/],
    ["on a table that is not there", "select count(*) from app.absent", /is not valid SQL/],
    [
      "that has two rows",
      "select k from app.t where k < 3 union all select 1 union all select 2",
      /is not valid SQL/,
    ],
    ["that is two statements", "select 1); delete from app.balance; select (1", /is not valid SQL/],
    [
      "that writes",
      "with gone as (delete from app.balance returning 1) select count(*) from gone",
      /is not valid SQL/,
    ],
    ["that runs for ever", "select count(*) from generate_series(1, 1000000000000)", /took longer/],
    ["that reads files of the server", "select pg_read_file('/etc/passwd')", /may not read/],
  ])("%s: not run for want of a working plan, never a refutation", async (_, query, detail) => {
    const limitMs = detail.test("took longer") ? 1_000 : options.assertionLimitMs;
    const result = await assertedWithin(limitMs, [{ name: "odd", query, expect: "1" }]);
    expect(result).toMatchObject({ outcome: "not-run", because: "machine" });
    expect(result?.detail).toMatch(detail);
  });

  it("that sleep hold a comparison up for no longer than it may take", async () => {
    const asleep = { name: "asleep", query: "select pg_sleep(3600)::text", expect: "" };
    const results = await compared({
      assertions: [asleep],
      assertionLimitMs: 3_600_000,
      indexes: false,
      limitMs: 2_500,
    });
    expect(results.find(({ name }) => name === "assertions")).toMatchObject({
      outcome: "not-run",
      because: "machine",
    });
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  it("that end their own connection are trouble of the machine", async () => {
    const result = await asserted({
      name: "odd",
      query: "select pg_terminate_backend(pg_backend_pid())",
      expect: "true",
    });
    expect(result).toMatchObject({ outcome: "not-run", because: "machine" });
  });
});

describe("a server in trouble", () => {
  it("that cannot be reached leaves everything but the archive not run, and the verdict inconclusive", async () => {
    const admin = { ...server.address, host: "/nowhere", database: "hostile" };
    const results = await compare({ side: "scratch", admin, twin: null }, image, options, testWait());
    expect(results[0]).toMatchObject({ name: "archive", outcome: "passed" });
    expect(
      results.slice(1).every(({ outcome, because }) => outcome === "not-run" && because === "machine"),
    ).toBe(true);
    expect(judge([passed("copy", 1, ""), ...results])).toBe("inconclusive");
  });

  it("that dies on the way leaves what follows not run", async () => {
    await using dying = await startTestServer();
    await createDatabase(dying, "small");
    await psql(dying, "small", "create table t (k int); insert into t values (1)");
    const small = await measureDatabase(dying, "small");
    const admin = { ...dying.address, database: "small" };
    const programs = { ...options.programs, pgDump: "/bin/false" };
    process.kill(dying.pid, "SIGSTOP");
    const stopped = compare(
      { side: "scratch", admin, twin: null },
      small,
      { ...options, programs },
      testWait(),
    );
    process.kill(dying.pid, "SIGKILL");
    const results = await stopped;
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(judge([passed("copy", 1, ""), ...results])).toBe("inconclusive");
  });

  /**
   * Compares with a server that dies when so many names were asked for: login and password of the reader, the schema of
   * amcheck, login and password of the assertions.
   */
  async function dyingAt(moment: number): Promise<readonly CheckResult[]> {
    await using dying = await startTestServer();
    await createDatabase(dying, "small");
    await psql(dying, "small", "create table t (k int primary key); insert into t values (1)");
    const small = await measureDatabase(dying, "small");
    let asked = 0;
    const chance = (bytes: number): Buffer => {
      asked += 1;
      if (asked === moment) process.kill(dying.pid, "SIGKILL");
      return systemChance(bytes);
    };
    const assertions = [{ name: "one", query: "select count(*) from t", expect: "1" }];
    const admin = { ...dying.address, database: "small" };
    const wish = { ...options, chance, assertions };
    const results = await compare({ side: "scratch", admin, twin: null }, small, wish, testWait());
    expect(asked).toBeGreaterThanOrEqual(moment);
    return results;
  }

  it("that dies between two checks keeps what was compared", async () => {
    const schemaOfAmcheck = 3;
    const results = await dyingAt(schemaOfAmcheck);
    expect(results.find(({ name }) => name === "tables")?.outcome).toBe("passed");
  });

  it.each([1, 2, 3, 4, 5])("that dies as name %i is asked for refutes nothing", async (moment) => {
    const results = await dyingAt(moment);
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(results.find(({ name }) => name === "assertions")).toMatchObject({
      outcome: "not-run",
      because: "machine",
    });
    expect(judge([passed("copy", 1, ""), ...results])).toBe("inconclusive");
  });

  it("does not hide damage of the copy, which is the caller's to judge", async () => {
    const bad: Image = {
      ...image,
      fingerprint: {
        ...image.fingerprint,
        schema: { ...image.fingerprint.schema, text: { bytes: 1, sha256: "0".repeat(64) } },
      },
    };
    const admin = { ...server.address, database: "hostile" };
    const results = await compare(
      { side: "scratch", admin, twin: null },
      bad,
      { ...options, indexes: false },
      testWait(),
    );
    expect(results[0]).toMatchObject({ name: "archive", outcome: "failed" });
  });
});
