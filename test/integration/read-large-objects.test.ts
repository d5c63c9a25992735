/** Large objects are read whole with owner, privileges and comment, few or many, and never another tenant's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Scope } from "../../src/model/fingerprint.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await psql(server, "postgres", "create role red; create role blue; create role reader login password 'pw'");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const head = z.strictObject({
  oid: z.int(),
  owner: z.string(),
  acl: z.array(z.string()).nullable(),
  comment: z.string().nullable(),
  bytes: z.int(),
});

interface ReadObject {
  readonly head: z.infer<typeof head>;
  readonly data: Buffer;
}

/** Reads the stream's format by its description, not by the product's code. */
function objectsIn(stream: Buffer = Buffer.alloc(0)): ReadObject[] {
  const objects: ReadObject[] = [];
  for (let at = 0; at < stream.length;) {
    const line = stream.indexOf("\n", at) + 1;
    const found = head.parse(JSON.parse(stream.subarray(at, line).toString()));
    at = line + found.bytes + 1;
    expect(stream[at - 1]).toBe(10);
    objects.push({ head: found, data: stream.subarray(line, at - 1) });
  }
  return objects;
}

async function database(name: string, sql: string): Promise<string> {
  await createDatabase(server, name);
  await psql(server, name, sql);
  return name;
}

describe("large objects", () => {
  it("come with holes as zeros, empty ones too, and with what is said about them", async () => {
    const name = await database(
      "objects",
      `select lo_from_bytea(100, '\\x0102'), lo_create(200), lo_create(300), lo_from_bytea(400, decode(repeat('ab', 70000), 'hex'));
       select lo_put(300, 10000, 'end'); alter large object 200 owner to red;
       grant select on large object 200 to blue; comment on large object 100 is E'line\\nbreak ü'`,
    );
    const backup = await backupOf(server, name);
    const objects = objectsIn(backup.streams.get("large-objects"));
    expect(objects.map((one) => one.head)).toEqual([
      { oid: 100, owner: "postgres", acl: null, comment: "line\nbreak ü", bytes: 2 },
      { oid: 200, owner: "red", acl: ["red=rw/red", "blue=r/red"], comment: null, bytes: 0 },
      { oid: 300, owner: "postgres", acl: null, comment: null, bytes: 10_003 },
      { oid: 400, owner: "postgres", acl: null, comment: null, bytes: 70_000 },
    ]);
    expect(objects[2]?.data.equals(Buffer.concat([Buffer.alloc(10_000), Buffer.from("end")]))).toBe(true);
    expect(objects[3]?.data.equals(Buffer.alloc(70_000, 0xab))).toBe(true);
    expect(backup.fingerprint.largeObjects).toMatchObject({ stream: "large-objects", count: 4 });
    expect(backup.fingerprint.roles.map((role) => role.name)).toEqual(
      expect.arrayContaining(["red", "blue"]),
    );
  });

  it("come by the hundred thousand", async () => {
    const name = await database(
      "crowd",
      "select count(lo_from_bytea(0, int4send(n))) from generate_series(1, 100000) n",
    );
    const backup = await backupOf(server, name);
    const objects = objectsIn(backup.streams.get("large-objects"));
    expect(backup.fingerprint.largeObjects.count).toBe(100_000);
    expect(new Set(objects.map(({ data }) => data.readInt32BE())).size).toBe(100_000);
    expect(
      objects.every((one, index) => index === 0 || one.head.oid > (objects[index - 1]?.head.oid ?? 0)),
    ).toBe(true);
  });

  it("can be ignored by the plan, and that is listed", async () => {
    const name = await database("ignored", "select lo_from_bytea(100, '\\x01')");
    const backup = await backupOf(server, name, { largeObjects: "ignore" });
    expect(backup.streams.has("large-objects")).toBe(false);
    expect(backup.fingerprint.omitted).toContainEqual(expect.objectContaining({ kind: "large objects" }));
  });

  it("fail the backup of a role that may not read them", async () => {
    const name = await database("closed", "select lo_from_bytea(100, '\\x01')");
    const login = { user: "reader", password: "pw" };
    await expect(backupOf(server, name, { login })).rejects.toMatchObject({ code: "source/permission" });
    await psql(server, name, "grant pg_read_all_data to reader");
    expect((await backupOf(server, name, { login })).fingerprint.largeObjects.count).toBe(1);
  });
});

describe("large objects of a tenant of schemas", () => {
  const scope = (name: string): Scope => ({ kind: "schemas", database: name, schemas: ["red"] });
  const shared = `
    create schema red authorization red; create schema blue authorization blue;
    create table red.files (id oid); create table blue.files (id oid);
    select lo_create(n) from unnest(array[101, 102, 201]) n;
    alter large object 101 owner to red; alter large object 102 owner to red; alter large object 201 owner to blue;
    insert into red.files values (101), (4711), (null); insert into blue.files values (201)`;

  it("are those that its roles own and its columns name", async () => {
    const name = await database("shared", shared);
    const backup = await backupOf(server, name, { scope: scope(name) });
    expect(objectsIn(backup.streams.get("large-objects")).map((one) => one.head.oid)).toEqual([101]);
    expect(backup.fingerprint.omitted).toContainEqual(
      expect.objectContaining({ kind: "large objects", name: "1" }),
    );
  });

  it("are those of the database's owner where the schema is public, which belongs to whoever that is", async () => {
    const name = await database(
      "owned",
      `${shared}; alter schema public owner to pg_database_owner; alter database owned owner to red;
       create table public.files (id oid); insert into public.files values (101)`,
    );
    const ofPublic: Scope = { kind: "schemas", database: name, schemas: ["public"] };
    const backup = await backupOf(server, name, { scope: ofPublic });
    expect(objectsIn(backup.streams.get("large-objects")).map((one) => one.head.oid)).toEqual([101]);
    await psql(server, name, "alter database owned owner to blue; grant usage on schema public to red");
    await expect(backupOf(server, name, { scope: ofPublic })).rejects.toMatchObject({
      code: "source/unsupported",
    });
  });

  it("fail the backup where the owner is unclear, unless the plan ignores them", async () => {
    const name = await database(
      "unclear",
      `${shared}; grant insert on red.files to blue; insert into red.files values (201)`,
    );
    await expect(backupOf(server, name, { scope: scope(name) })).rejects.toMatchObject({
      code: "source/unsupported",
    });
    const backup = await backupOf(server, name, { scope: scope(name), largeObjects: "ignore" });
    expect(backup.streams.has("large-objects")).toBe(false);
  });
});
