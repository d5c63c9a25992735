/**
 * Roles, settings, extensions, sequences, derived data and omissions, read as a backup role without
 * superuser reads them, from a database and from one tenant's schema of a shared one.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import type { Scope } from "../../src/model/fingerprint.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { readCensusEntries } from "../../src/postgres/readings/census.ts";
import { readCollations } from "../../src/postgres/readings/collations.ts";
import { readDatabase } from "../../src/postgres/readings/database.ts";
import { readGenerated, readMatviews } from "../../src/postgres/readings/derived.ts";
import { readExtensionRelations, readExtensions } from "../../src/postgres/readings/extensions.ts";
import { readOmitted } from "../../src/postgres/readings/omitted.ts";
import { readRoles } from "../../src/postgres/readings/roles.ts";
import { readSequences } from "../../src/postgres/readings/sequences.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { richSchema } from "../support/rich-schema.ts";

let server: PrivateServer;
const whole: Scope = { kind: "database", database: "rich" };
const one: Scope = { kind: "schemas", database: "rich", schemas: ["app"] };

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "rich");
  await psql(server, "rich", richSchema);
  await psql(
    server,
    "rich",
    `create role backup login password 'b' in role pg_read_all_data;
     create role "Grand Group"; grant "Grand Group" to "Rich Group"; create role policed; create role stranger login;
     create role neighbour; create schema next_door authorization neighbour; create table next_door.t (k int); alter table next_door.t owner to neighbour;
     create policy others on app.parent for select to policed using (true);
     comment on role rich_owner is 'owns much'; alter role rich_owner set work_mem = '6MB' ; alter role rich_owner valid until '2030-01-01 00:00+00';
     alter database rich set "app.motto" = 'a=b, c'; alter role neighbour in database rich set work_mem = '7MB'; alter role rich_owner in database rich set work_mem = '8MB';
     revoke connect on database rich from public; grant connect on database rich to backup, neighbour; alter database rich connection limit 7;
     create view app.far_view as select * from app.far; create materialized view app.far_away as select * from app.far_view with no data;
     create materialized view app.now_and_then as select now() as t, lower('X') as l;
     create index unfinished on app.part_1 (v); update pg_index set indisvalid = false where indexrelid = 'app.unfinished'::regclass`,
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function reading<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const address = { ...server.address, database: "rich", user: "backup", password: "b" };
  await using session = await connect(address, "source", {}, testWait());
  await setExactText(session);
  return await work(session);
}

describe("the roles", () => {
  it("are those named by owners, privileges, policies and settings, with what they are members of, and no others", async () => {
    const roles = await reading((session) => readRoles(session, whole, []));
    const names = roles.map(({ name }) => name);
    expect(names).toEqual([
      "Grand Group",
      "Rich Group",
      "backup",
      "neighbour",
      "policed",
      "postgres",
      "rich_owner",
      "rich_reader",
    ]);
  });

  it("of one schema leave out its neighbours, but hold whom the caller names", async () => {
    const roles = await reading((session) => readRoles(session, one, ["stranger"]));
    const names = roles.map(({ name }) => name);
    expect(names).toEqual([
      "Grand Group",
      "Rich Group",
      "policed",
      "postgres",
      "rich_owner",
      "rich_reader",
      "stranger",
    ]);
  });

  it("come with attributes, memberships, settings and comment, and without passwords", async () => {
    const roles = await reading((session) => readRoles(session, whole, []));
    const owner = roles.find(({ name }) => name === "rich_owner");
    expect(owner).toMatchObject({
      attributes: {
        login: false,
        superuser: false,
        connectionLimit: -1,
        validUntil: "2030-01-01 00:00:00+00",
      },
      memberOf: [{ role: "Rich Group", admin: true }],
      settings: [{ name: "work_mem", value: "6MB" }],
      comment: "owns much",
    });
    expect(JSON.stringify(roles)).not.toMatch(/SCRAM|password/i);
  });
});

describe("the database", () => {
  it("has the properties that no dump holds, and its settings with signs of equality in them", async () => {
    const database = await reading((session) => readDatabase(session, whole, null));
    expect(database).toMatchObject({
      name: "rich",
      owner: "postgres",
      encoding: "UTF8",
      connectionLimit: 7,
      localeProvider: "libc",
    });
    expect(database.acl).toEqual([
      "=T/postgres",
      "postgres=CTc/postgres",
      "backup=c/postgres",
      "neighbour=c/postgres",
    ]);
    expect(database.settings).toEqual([
      { role: null, name: "app.motto", value: "a=b, c" },
      { role: "neighbour", name: "work_mem", value: "7MB" },
      { role: "rich_owner", name: "work_mem", value: "8MB" },
    ]);
  });

  it("of a schema tenant tells nothing of its neighbours", async () => {
    const database = await reading((session) => readDatabase(session, one, ["rich_owner"]));
    expect(database.acl).toBeNull();
    expect(JSON.stringify(database)).not.toContain("neighbour");
  });
});

describe("a backup role without superuser", () => {
  it("reads the census and everything else it is asked for", async () => {
    await reading(async (session) => {
      const entries = await readCensusEntries(session, whole);
      expect(entries.length).toBeGreaterThan(200);
      expect(entries.some(({ kind }) => kind === "subscription")).toBe(false);
      const collations = await readCollations(session, whole);
      expect(collations.map(({ name }) => name)).toEqual(["numeric_order", "C"]);
      const extensions = await readExtensions(session, ["hstore"]);
      expect(extensions.filter(({ leftOut }) => leftOut).map(({ name }) => name)).toEqual(["hstore"]);
    });
  });

  it("is told what the backup leaves out, by name", async () => {
    const options = {
      leaveOutExtensions: ["hstore"],
      largeObjects: "ignore",
      extensionRelations: [],
    } as const;
    const omitted = await reading(async (session) => {
      const roles = (await readRoles(session, whole, [])).map(({ name }) => name);
      return readOmitted(session, whole, { ...options, roles });
    });
    expect(omitted.map(({ kind, name }) => `${kind}: ${name}`).toSorted()).toEqual([
      "extension: hstore",
      "index: app.unfinished",
      "large objects: all",
      "options of a user mapping: public on server elsewhere",
      "options of a user mapping: rich_owner on server elsewhere",
      "password: all",
      "rows of a foreign table: app.far",
      "subscription: sub",
    ]);
  });

  it("is told of rows and numbers in an extension that belong to nobody (trap 12)", async () => {
    await psql(
      server,
      "rich",
      "create table app.kept (k int); insert into app.kept values (1); create table app.marked (k int); create sequence app.counter; alter extension hstore add table app.kept; alter extension hstore add table app.marked; alter extension hstore add sequence app.counter; create sequence app.spent; select nextval('app.spent'); create sequence app.unspent; alter extension hstore add sequence app.spent; alter extension hstore add sequence app.unspent; update pg_extension set extconfig = array['app.marked'::regclass::oid, 'app.counter'::regclass::oid], extcondition = array['', ''] where extname = 'hstore'",
    );
    await reading(async (session) => {
      const extensionRelations = await readExtensionRelations(session, []);
      expect(
        extensionRelations.map(({ name, kind, configuration, filled }) => ({
          name,
          kind,
          configuration,
          filled,
        })),
      ).toEqual([
        { name: "counter", kind: "sequence", configuration: true, filled: true },
        { name: "kept", kind: "table", configuration: false, filled: true },
        { name: "marked", kind: "table", configuration: true, filled: false },
        { name: "spent", kind: "sequence", configuration: false, filled: true },
        { name: "unspent", kind: "sequence", configuration: false, filled: false },
      ]);
      const omitted = await readOmitted(session, whole, {
        leaveOutExtensions: [],
        largeObjects: "include",
        extensionRelations,
        roles: [],
      });
      const reason = "hstore does not mark it as configuration";
      expect(omitted.filter(({ kind }) => kind.includes("of an extension's"))).toEqual([
        { kind: "rows of an extension's table", name: "app.kept", reason },
        {
          kind: "value of an extension's sequence",
          name: "app.spent",
          reason: `${reason}; set it after a restore`,
        },
      ]);
      const sequences = await readSequences(session, whole, extensionRelations);
      expect(sequences.map(({ name }) => name)).toContain("counter");
      expect(await readExtensionRelations(session, ["hstore"])).toEqual([]);
    });
  });
});

describe("sequences", () => {
  it("are read once each, in more batches than one, and are not moved by it (trap 6)", async () => {
    await createDatabase(server, "counted");
    await psql(
      server,
      "counted",
      "do $$ begin for i in 1..450 loop execute format('create sequence %I', 's' || i); end loop; end $$; select setval('s7', 70); select nextval('s8')",
    );
    await using session = await connect({ ...server.address, database: "counted" }, "source", {}, testWait());
    await setExactText(session);
    const scope: Scope = { kind: "database", database: "counted" };
    const states = await readSequences(session, scope, []);
    expect(states).toHaveLength(450);
    expect(states.filter(({ isCalled }) => isCalled)).toEqual([
      { schema: "public", name: "s7", lastValue: "70", isCalled: true },
      { schema: "public", name: "s8", lastValue: "1", isCalled: true },
    ]);
    expect(await readSequences(session, scope, [])).toEqual(states);
  });
});

describe("derived data", () => {
  it("has a digest of what is stored, or the reason why there is none", async () => {
    const views = await reading((session) => readMatviews(session, whole, { encoding: "UTF8" }));
    expect(views.map(({ name, populated, reason }) => ({ name, populated, reason }))).toEqual([
      { name: "empty", populated: false, reason: "not populated" },
      { name: "far_away", populated: false, reason: "not populated" },
      { name: "moody", populated: true, reason: "calls a volatile function" },
      { name: "now_and_then", populated: true, reason: undefined },
      { name: "of_summary", populated: true, reason: undefined },
      { name: "summary", populated: true, reason: undefined },
    ]);
    expect(views.find(({ name }) => name === "of_summary")?.multiset).toEqual({
      rows: 1,
      sum: sha256(Buffer.from("3")),
    });
  });

  it("of generated columns is read by table, and at the root where rows go in through it", async () => {
    await createDatabase(server, "made");
    await psql(
      server,
      "made",
      `create table r (k int, d int generated always as (k * 2) stored) partition by hash (k);
       create table r0 partition of r for values with (modulus 2, remainder 0); create table r1 partition of r for values with (modulus 2, remainder 1);
       insert into r select generate_series(1, 9); create table plain (k int, d int generated always as (k + 1) stored); insert into plain values (1)`,
    );
    await using session = await connect({ ...server.address, database: "made" }, "source", {}, testWait());
    await setExactText(session);
    const scope: Scope = { kind: "database", database: "made" };
    const leaves = await readGenerated(session, scope, [], { encoding: "UTF8" });
    expect(leaves.map(({ name, multiset }) => [name, multiset?.rows])).toEqual([
      ["plain", 1],
      ["r0", expect.any(Number)],
      ["r1", expect.any(Number)],
    ]);
    const through = ["r0", "r1"].map((name) => ({
      schema: "public",
      name,
      load: { kind: "through-root" as const, root: { schema: "public", name: "r" } },
    }));
    const rooted = await readGenerated(session, scope, through, { encoding: "UTF8" });
    expect(rooted.map(({ name, multiset }) => [name, multiset?.rows])).toEqual([
      ["plain", 1],
      ["r", 9],
    ]);
  });
});
