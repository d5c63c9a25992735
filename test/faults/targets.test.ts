/**
 * A target that cannot be reached, is not empty, or lacks what the tenant needs is told before anything is
 * changed there; the live tenant is such a target, too.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Fingerprint } from "../../src/model/fingerprint.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { openTarget } from "../../src/postgres/target/open-target.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { examineTarget } from "../../src/postgres/target/target.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { emptyFingerprint } from "../support/repository-fixture.ts";
import { type Ended, tenantHome, type TenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    `create extension citext;
     create table invoice (id int primary key, note citext);
     insert into invoice select g, g from generate_series(1, 100) g;
     -- As if the source had a release of the extension that exists nowhere else.
     update pg_extension set extversion = '99.0' where extname = 'citext'`,
  );
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  await home.json(["backup", "acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const unproven = ["--allow-unproven", "--reason", "rehearsal"];

function restore(to: string, ...args: readonly string[]): Promise<Ended> {
  return home.run(["restore", "acme", "--to", to, "--json", ...unproven, ...args]);
}

function errorOf({ stdout }: Ended): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
} {
  const shape = z.object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string() }) });
  return shape.parse(JSON.parse(stdout)).error;
}

function topic(ended: Ended, name: string): unknown {
  const shape = z.object({ suitable: z.boolean(), target: z.array(z.object({ name: z.string() }).loose()) });
  const plan = shape.parse(JSON.parse(ended.stdout));
  expect(plan.suitable).toBe(false);
  return plan.target.find((one) => one.name === name);
}

describe("a target", () => {
  it("that nobody answers at exits 1, and can be tried again", async () => {
    const ended = await restore("postgres://postgres@127.0.0.1:1/back");
    expect(ended.exit).toBe(1);
    expect(errorOf(ended)).toMatchObject({
      code: "target/unreachable",
      hint: expect.stringContaining("--to"),
    });
  });

  it("whose password is wrong exits 1, and no message holds the password", async () => {
    const ended = await restore(urlOf(server, "back", { password: "wr0ng-p4ss" }));
    expect(ended.exit).toBe(1);
    expect(errorOf(ended).code).toBe("target/login");
    expect(ended.stdout + ended.stderr).not.toContain("wr0ng-p4ss");
  });

  it("that is the live tenant itself is refused, exit 6, and keeps its rows", async () => {
    const ended = await restore(urlOf(server, "acme"));
    expect(ended.exit).toBe(6);
    expect(errorOf(ended)).toMatchObject({
      code: "target/occupied",
      hint: "name a database that is absent or empty",
    });
    expect(await psql(server, "acme", "select count(*) from invoice")).toBe("100");
  });

  it.each([
    ["template1", "template: the database is a template"],
    ["template0", "template0 accepts no connections"],
  ])(
    "that is %s is refused, exit 6, since every new database would begin as the tenant",
    async (name, why) => {
      const ended = await restore(urlOf(server, name));
      expect(ended.exit).toBe(6);
      expect(errorOf(ended)).toMatchObject({
        code: "target/unsuitable",
        message: expect.stringContaining(why),
      });
    },
  );

  it("that asks for a password where the URL has none is not called unreachable", async () => {
    const { host, port } = server.address;
    const ended = await restore(`postgres://postgres@${encodeURIComponent(host)}:${String(port)}/back`);
    expect(ended.exit).toBe(1);
    expect(errorOf(ended)).toMatchObject({
      code: "target/login",
      message: expect.stringContaining("the server asks for a password, and the URL has none"),
    });
  });

  it("that lacks an extension's version is told by the plan and refused by the restore, exit 6", async () => {
    const to = urlOf(server, "back");
    const plan = await restore(to, "--plan-only");
    expect(plan.exit).toBe(6);
    expect(topic(plan, "extensions")).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("citext 99.0"),
    });
    const ended = await restore(to);
    expect(ended.exit).toBe(6);
    expect(errorOf(ended)).toMatchObject({
      code: "target/unsuitable",
      message: expect.stringContaining("citext 99.0"),
    });
    expect(await psql(server, "postgres", "select datname from pg_database where datname = 'back'")).toBe("");
  });

  it("whose empty database has another encoding is refused, exit 6, and stays empty", async () => {
    await createDatabase(server, "latin", "template template0 encoding 'LATIN1' locale 'C'");
    const plan = await restore(urlOf(server, "latin"), "--plan-only");
    expect(plan.exit).toBe(6);
    expect(topic(plan, "encoding")).toMatchObject({
      outcome: "failed",
      detail: "backup is UTF8, the existing database is LATIN1",
    });
    const ended = await restore(urlOf(server, "latin"));
    expect([ended.exit, errorOf(ended).code]).toEqual([6, "target/unsuitable"]);
    expect(await psql(server, "latin", "select count(*) from pg_namespace where nspname = 'public'")).toBe(
      "1",
    );
  });

  it("that is older than the source, has too little room or no such locale is unsuitable", async () => {
    await using target = await openTarget(addressOf(urlOf(server, "back")), testWait());
    const empty = emptyFingerprint(new Date());
    const needs: Fingerprint = {
      ...empty,
      server: { ...empty.server, versionNum: 990_001 },
      database: { ...empty.database, collate: "xx_XX.UTF-8" },
    };
    const checks = await examineTarget(target, { fingerprint: needs, plainBytes: 1e18 });
    const failed = checks.filter(({ outcome }) => outcome === "failed");
    expect(failed.map(({ name }) => name)).toEqual(["version", "locale", "room"]);
    expect(failed[0]?.detail).toMatch(
      /^backup of PostgreSQL 99, target is PostgreSQL \d+: older than the source$/,
    );
    expect(failed[1]?.detail).toContain("xx_XX.UTF-8");
  });

  it("whose login may make nothing is unsuitable", async () => {
    await psql(server, "postgres", "create role weak login password 'weak'");
    const to = urlOf(server, "back", { user: "weak", password: "weak" });
    const ended = await restore(to, "--plan-only");
    expect(ended.exit).toBe(6);
    expect(topic(ended, "privileges")).toMatchObject({
      outcome: "failed",
      detail: "the login lacks CREATEROLE and CREATEDB",
    });
  });
});

describe("scratch", () => {
  it("that lacks the extension's version leaves the verdict open, exit 1, and refutes nothing", async () => {
    const [report] = z
      .array(z.object({ verdict: z.string(), checks: z.array(z.object({ outcome: z.string() })) }))
      .parse(await home.json(["verify", "acme", "--store", "one"], 1));
    expect(report?.verdict).toBe("inconclusive");
    expect(report?.checks.map(({ outcome }) => outcome)).not.toContain("failed");
  });
});
