/** Definitions are read for the tenant alone, in words that depend on no setting of its database, and never half. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Scope } from "../../src/model/fingerprint.ts";
import { readDefinitions } from "../../src/postgres/readings/definitions.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";

const whole: Scope = { kind: "database", database: "defined" };
let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "defined");
  await psql(
    server,
    "defined",
    `create schema mine; create schema theirs;
     create table mine.t (id int default 7, at timestamptz check (at > timestamptz '2026-01-01 00:00+00'), s text);
     create view theirs.v as select 1 as one;
     create statistics mine.by_length on (length(s)), id from mine.t;
     alter database defined set timezone = 'Asia/Karachi'`,
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function openReading(): Promise<Session> {
  const session = await connect({ ...server.address, database: "defined" }, "source", {}, testWait());
  await setExactText(session);
  return session;
}

it("a tenant of schemas has those of its own schemas", async () => {
  await using session = await openReading();
  const found = await readDefinitions(session, { kind: "schemas", database: "defined", schemas: ["mine"] });
  expect(new Set(found.map(({ schema }) => schema))).toEqual(new Set(["mine"]));
  expect(found.find(({ kind }) => kind === "default")).toEqual({
    kind: "default",
    schema: "mine",
    name: "t",
    part: "id",
    text: "7",
  });
});

it("a time in a check is told in UTC, whatever the database's own time zone", async () => {
  await using session = await openReading();
  const found = await readDefinitions(session, whole);
  const check = found.find(({ kind }) => kind === "constraint");
  expect(check?.text).toContain("2026-01-01 00:00:00+00");
});

it("what goes while it is read is a source that changed, and not a definition less", async () => {
  await using session = await openReading();
  await session.query("begin isolation level repeatable read, read only");
  await session.query("select 1 from pg_catalog.pg_class limit 1");
  await psql(server, "defined", "drop statistics mine.by_length");
  await expect(readDefinitions(session, whole)).rejects.toMatchObject({ code: "source/changed" });
});
