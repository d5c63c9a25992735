/**
 * A source or a store that fails a backup is told by name with its exit code, and the backup leaves no record
 * anywhere, or is held by the stores that are left (promises 1 to 3).
 */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { placeOf } from "../support/independent-place.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { PsqlSession } from "../support/psql-session.ts";
import { allObjects, objectsOf } from "../support/store-objects.ts";
import { type RunOptions, tenantHome, type TenantHome } from "../support/tenant-home.ts";
import { startPooler } from "../support/transaction-pooler.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    `create table invoice (id int, note text);
     insert into invoice select g, md5(g::text) || md5((g + 1)::text) from generate_series(1, 300000) g`,
  );
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function records(): string[] {
  return [
    ...objectsOf(home.store("one"), "acme", "record"),
    ...objectsOf(home.store("two"), "acme", "record"),
  ];
}

let before: readonly string[] = [];
afterEach(() => {
  before = records();
});

const outcome = z.tuple([
  z.object({
    state: z.string(),
    backup: z.string().nullable(),
    copies: z.record(z.string(), z.object({ state: z.string(), reason: z.string().optional() })),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).optional(),
  }),
]);

async function backUp(exit: number, options: RunOptions = {}): Promise<z.infer<typeof outcome>[0]> {
  return outcome.parse(await home.json(["backup", "acme"], exit, options))[0];
}

/** The code of a backup that failed and left no record. */
async function failure(options: RunOptions = {}): Promise<string> {
  const { state, backup, error } = await backUp(1, options);
  expect([state, backup]).toEqual(["failed", null]);
  expect(records()).toEqual(before);
  return error?.code ?? "";
}

function source(url: string): RunOptions {
  return { env: { HOLDFAST_SOURCE_URL: url } };
}

describe("a source", () => {
  it("that nobody answers at is unreachable", async () => {
    expect(await failure(source("postgres://postgres@127.0.0.1:1/postgres"))).toBe("source/unreachable");
  });

  it("that refuses the password says so, and the password is nowhere in what is said", async () => {
    const options = source(urlOf(server, "postgres", { password: "wr0ng-p4ss" }));
    const ended = await home.run(["backup", "acme", "--json"], options);
    expect([ended.exit, outcome.parse(JSON.parse(ended.stdout))[0].error?.code]).toEqual([1, "source/login"]);
    expect(ended.stdout + ended.stderr).not.toContain("wr0ng-p4ss");
  });

  it("behind a transaction pooler is refused", async () => {
    await using pooler = await startPooler(server, "acme", 2);
    const url = `postgres://postgres@127.0.0.1:${String(pooler.port)}/acme?sslmode=disable`;
    expect(await failure(source(url))).toBe("source/pooler");
  });

  it("with one table that may not be read fails the backup by the table's name", async () => {
    await psql(
      server,
      "acme",
      `create role clerk login password 'clerk';
       create table salaries (id int); revoke all on salaries from public; grant select on invoice to clerk`,
    );
    const { error } = await backUp(
      1,
      source(urlOf(server, "postgres", { user: "clerk", password: "clerk" })),
    );
    expect(error).toMatchObject({
      code: "source/permission",
      message: expect.stringContaining("salaries"),
    });
    await psql(server, "acme", "drop table salaries; drop owned by clerk; drop role clerk");
  });

  it("whose table a migration has locked is given way to, and can be tried again after", async () => {
    using _plan = home.set({ yieldAfter: "1s" }, "plans/standard.yaml");
    const migration = new PsqlSession(placeOf(server, "acme"));
    const released = migration
      .run("alter table invoice add column memo text; select pg_sleep(600);")
      .then(String, String);
    const locks =
      "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'invoice'::regclass)";
    await until("the migration's lock", async () => (await psql(server, "acme", locks)) === "t");
    expect(await failure()).toBe("source/busy");
    await psql(
      server,
      "postgres",
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()",
    );
    expect(await released).toContain("psql ended");
  });

  it("that cuts a connection in the middle of a COPY is lost", async () => {
    const running = home.start(["backup", "acme", "--json"]);
    const cut = `select count(pg_terminate_backend(pid)) from pg_stat_activity
                  where datname = 'acme' and query ilike 'copy%' and state = 'active'`;
    await until(
      "a COPY to cut",
      async () => !running.isAlive() || (await psql(server, "postgres", cut)) !== "0",
    );
    const ended = await running.ended;
    expect(ended).toMatchObject({ exit: 1 });
    expect(outcome.parse(JSON.parse(ended.stdout))[0].error?.code).toBe("source/lost");
    expect(records()).toEqual(before);
  });
});

describe("the programs of PostgreSQL", () => {
  /** A script in a program's place. */
  function instead(program: string, script: string): string {
    const path = join(home.folder, `${program}.instead`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return `mount --bind ${path} ${join(server.binFolder, program)}`;
  }

  it("that are older than the server are not used, and what to install is said", async () => {
    const { error } = await backUp(1, {
      mounts: [instead("postgres", 'echo "postgres (PostgreSQL) 9.6.24"')],
    });
    expect(error).toMatchObject({
      code: "source/version",
      message: expect.stringContaining("9.6.24"),
      hint: expect.stringMatching(/postgresql-\d+/),
    });
  });

  it("of which pg_dump is killed fail the backup", async () => {
    const mounts = [
      instead("pg_dump", 'case "$1" in --version) exec echo "pg_dump (PostgreSQL) 15.0";; esac; kill -9 $$'),
    ];
    expect(await failure({ mounts })).toMatch(/^(program|source)\/failed$/);
  });
});

describe("a store", () => {
  const two = (): string => home.store("two");

  it("that is full costs its own copy, exit 4, and every store being full the backup, exit 1", async () => {
    // The mark that `init` made goes along, since a store without one is no store at all.
    const full = (folder: string): string =>
      `mark=$(cat ${folder}/holdfast.json) && mount -t tmpfs -o size=64k tmpfs ${folder} && printf %s "$mark" > ${folder}/holdfast.json`;
    const { state, copies } = await backUp(4, { mounts: [full(two())] });
    expect(state).toBe("degraded");
    expect(copies).toMatchObject({
      one: { state: "present" },
      two: { state: "missing", reason: expect.stringContaining("ENOSPC") },
    });
    before = records();
    expect(await failure({ mounts: [full(home.store("one")), full(two())] })).toBe("store/quorum");
  });

  it("that refuses to be written to costs its own copy, exit 4", async () => {
    const mounts = [`mount --bind ${two()} ${two()}`, `mount -o remount,bind,ro ${two()}`];
    expect((await backUp(4, { mounts })).copies).toMatchObject({
      one: { state: "present" },
      two: { state: "missing", reason: expect.stringContaining("EROFS") },
    });
  });
});

describe("a tenant's name that is a path or none", () => {
  it("is refused by every command, exit 2, and nothing is written anywhere", async () => {
    const names = ["../x", "a/b", "Acme", "a".repeat(64), "-a", ".", "a b", "a%2fb"];
    const seen = allObjects(home.store("one"));
    for (const name of names) {
      const word = name.startsWith("-") ? ["--", name] : [name];
      for (const args of [
        ["backup", ...word],
        ["verify", ...word],
        ["list", ...word],
        ["show", ...word, "20000101T000000Z-aaaaaa"],
        ["keys", "rotate", ...word],
        ["restore", "--to", urlOf(server, "back"), ...word],
        ["init", "nowhere", "--tenant", ...word],
      ]) {
        const ended = await home.say(args);
        expect([args.join(" "), ended.exit, ended.stdout]).toEqual([args.join(" "), 2, ""]);
      }
    }
    using _tenant = home.set({ tenants: { "../x": { source: "main", database: "acme", plan: "standard" } } });
    const ended = await home.run(["backup", "--all"]);
    expect(ended.exit).toBe(2);
    expect(ended.stderr).toContain("must match [a-z0-9][a-z0-9-]{0,62}");
    expect(allObjects(home.store("one"))).toEqual(seen);
    expect(existsSync(join(home.folder, "nowhere"))).toBe(false);
  });
});
