/**
 * Neighbours in one database keep nobody from being backed up, and what is theirs is in nobody else's backup; of a
 * database of its own a tenant has whatever is set there.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "../../src/model/fingerprint.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let scratch: PrivateServer;

beforeAll(async () => {
  source = await startTestServer();
  scratch = await startScratch();
  await psql(
    source,
    "postgres",
    "create role acme; create role bravo; create role reader; create role kin in role reader; create role ops in role pg_monitor",
  );
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

it("backs up what any login set for itself in the tenant's database, as no right tells an application's from a neighbour's", async () => {
  await createDatabase(source, "mine");
  await psql(
    source,
    "mine",
    `alter database mine owner to bravo; revoke all on database mine from public;
     create table t as select 1 as k; alter table t owner to bravo; grant select on t to reader;
     alter role bravo in database mine set work_mem = '5MB'; alter role kin in database mine set work_mem = '6MB';
     alter role postgres in database mine set work_mem = '7MB'; alter role ops in database mine set work_mem = '8MB'; alter role bravo set lock_timeout = '8s';`,
  );
  await psql(
    source,
    "postgres",
    "set session authorization acme; alter role acme in database mine set application_name = 'of nobody''s'",
  );
  const backup = await backupOf(source, "mine");
  const { database, omitted } = backup.fingerprint;
  expect(database.settings.map(({ role }) => role)).toEqual(["acme", "bravo", "kin", "ops", "postgres"]);
  expect(omitted.filter(({ kind }) => kind === "settings of roles")).toEqual([]);
  const { checks, verdict } = await provenIn(scratch, memoryImage(backup), "mine");
  expect(troubles(checks)).toEqual([]);
  expect(verdict).toBe("proven");
});

describe("of a tenant whose columns hold the numbers of others' large objects", () => {
  const scope: Scope = { kind: "schemas", database: "shared", schemas: ["b"] };

  beforeAll(async () => {
    await createDatabase(source, "shared");
    await psql(
      source,
      "shared",
      `create role retired;
       create schema b authorization bravo; create schema a authorization acme; grant usage on schema b to reader;
       create table b.t (o oid); alter table b.t owner to bravo; insert into b.t values (1001), (1002), (1003);
       alter role acme in database shared set work_mem = '5MB';
       set role bravo; select lo_from_bytea(1001, 'mine');
       reset role; set role acme; select lo_from_bytea(1002, 'a trap'); select lo_from_bytea(1004, 'not referred to');`,
    );
  });

  it("a neighbour's are left out and told, and what is the tenant's is backed up", async () => {
    const { fingerprint, streams } = await backupOf(source, "shared", { scope });
    expect(fingerprint.largeObjects.count).toBe(1);
    expect(streams.get("large-objects")?.toString()).not.toContain("a trap");
    expect(fingerprint.omitted).toContainEqual({
      kind: "large objects",
      name: "1",
      reason:
        "columns hold their numbers, but they belong to the owners of other schemas, and the tenant's roles may not read them",
    });
    expect(fingerprint.omitted).toContainEqual(
      expect.objectContaining({ kind: "settings of roles", name: "1" }),
    );
    await loadInto(scratch, memoryImage({ fingerprint, streams }), { destination: { database: "shared" } });
    expect(await psql(scratch, "shared", "select count(*) from pg_largeobject_metadata")).toBe("1");
  });

  it.each([
    ["whose owner has a right by a role", "grant kin to acme", "revoke kin from acme"],
    [
      "whose owner has a right on a table alone",
      "grant insert on b.t to acme",
      "revoke insert on b.t from acme",
    ],
    ["whose owner owns a table", "alter table b.t owner to acme", "alter table b.t owner to bravo"],
    [
      "where everybody may use the schema",
      "grant usage on schema b to public",
      "revoke usage on schema b from public",
    ],
    [
      "that the tenant may read",
      "grant select on large object 1002 to reader",
      "revoke select on large object 1002 from reader",
    ],
    [
      "that a login of the tenant's may read",
      "grant select on large object 1002 to kin",
      "revoke select on large object 1002 from kin",
    ],
    [
      "that everybody may read",
      "grant select on large object 1002 to public",
      "revoke select on large object 1002 from public",
    ],
    ["of a role that the tenant's is a member of", "grant acme to bravo", "revoke acme from bravo"],
    [
      "of a login that has no right any more",
      "alter large object 1002 owner to retired",
      "alter large object 1002 owner to acme",
    ],
  ])("one %s fails the backup, as nobody can tell whose it is", async (_, so, back) => {
    await psql(source, "shared", so);
    await expect(backupOf(source, "shared", { scope })).rejects.toMatchObject({ code: "source/unsupported" });
    await psql(source, "shared", back);
  });
});
