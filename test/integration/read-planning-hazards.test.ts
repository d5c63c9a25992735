/** Which relations no SELECT may name, what a sequence's name means, and which order of text a partition may rest on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/postgres/session/connect.ts";
import { planningHazards } from "../../src/postgres/source/planning-hazards.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { readSequences } from "../../src/postgres/readings/sequences.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "hazards");
  await psql(
    server,
    "hazards",
    `create extension citext; create type mood as enum ('glad', 'sad');
     create function f(int) returns int language sql immutable as 'select $1';
     create function eq(text, text) returns boolean language sql immutable as 'select true';
     create operator === (function = eq, leftarg = text, rightarg = text);
     create domain d as int; create type pair as (a int, b int);
     create table hashed (a int) partition by hash (a)`,
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function exact(database: string): Promise<Session> {
  const session = await connect({ ...server.address, database }, "source", {}, testWait());
  await setExactText(session);
  return session;
}

describe("a relation is not to be queried", () => {
  let made = 0;
  it.each([
    ["with an index on a function of somebody's", "create index on TABLE (f(a))", true],
    [
      "with an index that holds where such a function says so",
      "create index on TABLE (a) where f(a) = 1",
      true,
    ],
    ["with an operator that is such a function", "create index on TABLE (a) where t === 'x'", true],
    ["with a cast to a domain", "create index on TABLE (((a + 1)::d))", true],
    [
      "with an array of a composite type",
      "create index on TABLE (a) where '{}'::pair[] = '{}'::pair[]",
      true,
    ],
    ["with statistics on such a function", "create statistics on_TABLE on (f(a)), a from TABLE", true],
    [
      "with a function of the server's that looks into another table",
      "create index on TABLE (a) where satisfies_hash_partition('hashed'::regclass::oid, 1, 0, a)",
      true,
    ],
    ["with indexes on its columns", "create index on TABLE (a, t); create unique index on TABLE (m)", false],
    ["with functions of the server", "create index on TABLE (lower(t)) where a > 1 and t is not null", false],
    ["with a label of an enum", "create index on TABLE (a) where m = 'glad'", false],
    ["with functions in C of an extension", "create index on TABLE (a) where c = 'x'::citext", false],
    [
      "with a CHECK of such a function, which nobody looks at",
      "alter table TABLE add check (f(a) > 0)",
      false,
    ],
  ])("%s", async (_, sql, expected) => {
    made += 1;
    const name = `t${String(made)}`;
    await psql(
      server,
      "hazards",
      `create table ${name} (a int, t text, m mood, c citext); ${sql.replaceAll("TABLE", name)}`,
    );
    await using session = await exact("hazards");
    const [table] = await session.query<{ oid: number }>("select oid from pg_class where relname = $1", [
      name,
    ]);
    const oid = table?.oid ?? 0;
    expect((await planningHazards(session, [oid])).has(oid)).toBe(expected);
  });

  it("for its partition key, with all that lies below and above", async () => {
    await psql(
      server,
      "hazards",
      `create table root (a int) partition by list ((f(a))); create table mid partition of root default partition by list (a);
       create table leaf partition of mid default; create table calm (a int) partition by list (a);
       create table calm_leaf partition of calm default; create index on calm_leaf (f(a))`,
    );
    await using session = await exact("hazards");
    const tables = await session.query<{ oid: number; name: string }>(
      "select oid, relname::text as name from pg_class where relname in ('root', 'mid', 'leaf', 'calm', 'calm_leaf', 't9')",
    );
    const found = await planningHazards(
      session,
      tables.map(({ oid }) => oid),
    );
    expect(
      tables
        .filter(({ oid }) => found.has(oid))
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["calm", "calm_leaf", "leaf", "mid", "root"]);
  });
});

describe("the value of a sequence", () => {
  it.each([
    ["got its name", "alter sequence s rename to gone; create sequence s", "made"],
    ["was taken away", "drop sequence s", "lost"],
    [
      "was swapped for a table",
      "drop sequence s; create table s (last_value int, is_called bool)",
      "swapped",
    ],
  ])("is not taken from what is there after it %s", async (_, sql, name) => {
    await createDatabase(server, name);
    await psql(server, name, "create sequence s; select setval('s', 7)");
    await using session = await exact(name);
    await session.query("begin isolation level repeatable read read only");
    await session.query("select 1");
    await psql(server, name, sql);
    const scope = { kind: "database", database: name } as const;
    await expect(readSequences(session, scope, [])).rejects.toMatchObject({ code: "source/changed" });
  });
});

describe("a partition by ranges of text", () => {
  it("is loaded through its root where the database's order is ICU's, whatever its collate says", async () => {
    const sql = "create table p (t text) partition by range (t); create table l partition of p default";
    await createDatabase(server, "by_libc", "template template0 lc_collate 'C' lc_ctype 'C'");
    await createDatabase(
      server,
      "by_icu",
      "template template0 locale_provider icu icu_locale 'en' lc_collate 'C' lc_ctype 'C'",
    );
    const kinds = [];
    for (const name of ["by_libc", "by_icu"]) {
      await psql(server, name, sql);
      const { fingerprint } = await backupOf(server, name);
      kinds.push(fingerprint.tables.find((table) => table.name === "l")?.load.kind);
    }
    expect(kinds).toEqual(["ordered", "through-root"]);
  });
});
