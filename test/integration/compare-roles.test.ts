/**
 * Attributes of roles, and owners of what belongs to the whole database, come back and are compared; what a
 * load withholds by design is told and refutes nothing; and a schema that the source dropped stays away.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let scratch: PrivateServer;
let image: Image;

beforeAll(async () => {
  [source, scratch] = await Promise.all([startTestServer(), startScratch()]);
  await createDatabase(source, "owned");
  await psql(
    source,
    "owned",
    `create role boss superuser login; create role clerk noinherit connection limit 3 valid until '2030-05-06 07:08+00' login;
     comment on role clerk is 'a clerk'; create role team; grant team to clerk with admin option; grant pg_monitor to clerk;
     create schema app authorization clerk; create table app.t (id int primary key); alter table app.t owner to clerk;
     grant select on app.t to team;
     create foreign data wrapper far; alter foreign data wrapper far owner to boss;
     create function app.fire() returns event_trigger language plpgsql as 'begin end'; alter function app.fire() owner to boss;
     create event trigger fires on ddl_command_end execute function app.fire(); alter event trigger fires owner to boss;
     create publication told for table app.t; alter publication told owner to clerk;
     drop schema public`,
  );
  image = memoryImage(await backupOf(source, "owned"));
});

afterAll(async () => {
  await Promise.all([source[Symbol.asyncDispose](), scratch[Symbol.asyncDispose]()]);
});

describe("roles and owners", () => {
  it("come back as they were, but for rights over the server, which are told", async () => {
    const { report, checks, verdict } = await provenIn(scratch, image, "owned");
    expect(report.problems).toEqual([]);
    expect(troubles(checks)).toEqual([]);
    expect(verdict).toBe("proven");
    const grants = checks.find(({ name }) => name === "grants");
    expect(grants?.detail).toContain("clerk (LOGIN, pg_monitor)");
    expect(grants?.detail).toContain("boss (SUPERUSER, LOGIN)");
  });

  it("leave no schema public where the source had dropped it", async () => {
    const found = await psql(scratch, "owned", "select count(*) from pg_namespace where nspname = 'public'");
    expect(found).toBe("0");
  });

  it("that differ are found, each by its name", async () => {
    await psql(
      scratch,
      "owned",
      `alter role clerk connection limit 4; alter role clerk valid until 'infinity'; alter role clerk inherit;
       comment on role clerk is 'no clerk'; revoke admin option for team from clerk;
       alter role team superuser; alter event trigger fires owner to team;
       alter foreign data wrapper far owner to team; alter publication told owner to team`,
    );
    const admin = { ...scratch.address, database: "owned" };
    const checks = await compareIn({ side: "scratch", admin, twin: null }, image, scratch.binFolder);
    const grants = checks.find(({ name }) => name === "grants");
    expect(grants?.findings.map(({ subject, difference }) => `${subject}: ${difference}`).sort()).toEqual([
      "owner: absent: event trigger fires boss",
      "owner: absent: foreign data wrapper far boss",
      "owner: absent: publication told clerk",
      "owner: was not in the source: event trigger fires team",
      "owner: was not in the source: foreign data wrapper far team",
      "owner: was not in the source: publication told team",
      "role clerk: comment: expected a clerk, found no clerk",
      "role clerk: connectionLimit: expected 3, found 4",
      "role clerk: inherit: expected false, found true",
      "role clerk: is member of team, and was not",
      "role clerk: is not member of team with admin option",
      "role clerk: validUntil: expected 2030-05-06 07:08:00+00, found infinity",
    ]);
  });
});
