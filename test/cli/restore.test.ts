/** `restore` as people and scripts meet it: every flag, what it prints, its JSON, its exit codes, wrong combinations. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { type Ended, tenantHome, type TenantHome } from "../support/tenant-home.ts";

let source: PrivateServer;
let target: PrivateServer;
let home: TenantHome;
let older: string;
let newer: string;

const made = z.tuple([z.object({ backup: z.string() })]);

beforeAll(async () => {
  [source, target] = await Promise.all([startTestServer(), startTestServer()]);
  await psql(source, "postgres", "create role acme_app login; create role acme_owner");
  await createDatabase(source, "acme", "template template0 owner acme_owner");
  await psql(
    source,
    "acme",
    `set role acme_owner;
     create table invoice (id int primary key, note text); grant select on invoice to acme_app;
     create table "Odd.Name" (id int);
     insert into invoice select g, 'note ' || g from generate_series(1, 490) g;
     create table entry (day int, id int) partition by range (day);
     create table entry_1 partition of entry for values from (0) to (10) partition by range (id);
     create table entry_1_1 partition of entry_1 for values from (0) to (100);
     insert into entry select 1, g from generate_series(1, 10) g`,
  );
  home = await tenantHome(urlOf(source, "postgres"), ["acme"]);
  older = made.parse(await home.json(["backup", "acme"]))[0].backup;
  await home.json(["verify", "acme", "--store", "two"]);
  await psql(source, "acme", "insert into invoice values (501, 'one more')");
  newer = made.parse(await home.json(["backup", "acme"]))[0].backup;
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
});

let count = 0;
/** A database that does not exist yet. */
function absent(): { readonly name: string; readonly url: string } {
  count += 1;
  const name = `back${String(count)}`;
  return { name, url: urlOf(target, name) };
}

function restore(...args: readonly string[]): Promise<Ended> {
  return home.run(["restore", "acme", ...args]);
}

const sourceGone = { HOLDFAST_SOURCE_URL: "postgres://127.0.0.1:1/x" };

/** A configuration that names no tenant, and finds those of its source. */
function onlyDiscovered(): Disposable {
  return home.set({
    tenants: null,
    discover: [{ source: "main", databases: "*", plan: "standard" }],
  });
}

const check = z.object({ name: z.string(), outcome: z.string(), detail: z.string() });
const outline = {
  tenant: z.string(),
  backup: z.string(),
  at: z.iso.datetime(),
  proven: z.boolean(),
  age: z.string(),
  from: z.array(z.string()),
  tables: z.int(),
  rows: z.int(),
  bytes: z.int(),
};
const report = z.strictObject({
  ...outline,
  seconds: z.number(),
  loadedSeconds: z.number(),
  checks: z.array(check),
  placeholders: z.array(z.string()),
  loginsWithoutPassword: z.array(z.string()),
  leftOut: z.array(z.strictObject({ subject: z.string(), reason: z.string() })),
  problems: z.array(z.strictObject({ subject: z.string(), message: z.string() })),
  notes: z.array(z.string()),
});
const plan = z.strictObject({
  ...outline,
  target: z.array(z.strictObject({ name: z.string(), outcome: z.string(), detail: z.string() })),
  suitable: z.boolean(),
});

describe("a restore", () => {
  it("takes the newest verified backup, compares it, and lists roles that were made and need a password", async () => {
    const { name, url } = absent();
    const ended = await restore("--to", url, "--json");
    expect(ended.exit).toBe(0);
    const told = report.parse(JSON.parse(ended.stdout));
    expect(told).toMatchObject({
      tenant: "acme",
      backup: older,
      proven: true,
      from: ["two"],
      tables: 3,
      rows: 500,
    });
    expect(told.loadedSeconds).toBeGreaterThan(0);
    expect(told.loadedSeconds).toBeLessThan(told.seconds);
    expect(told.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(told.checks).toContainEqual(expect.objectContaining({ name: "tables", outcome: "passed" }));
    expect(told.placeholders.toSorted()).toEqual(["acme_app", "acme_owner"]);
    expect(told.loginsWithoutPassword).toEqual(["acme_app"]);
    expect(ended.stderr).toMatch(
      new RegExp(`^acme: backup ${older} of \\S+, \\d+ s old; its plan expects one every 1 d\n$`),
    );
    expect(await psql(target, name, "select count(*) from invoice")).toBe("490");
    const who =
      "select string_agg(rolname, ' ' order by rolname) from pg_roles where rolname ~ '^(acme|holdfast)' and not rolcanlogin";
    expect(await psql(target, "postgres", who)).toBe("acme_app acme_owner");
  });

  it("whose source is gone, and with it what plan the tenant has, says so and claims nothing of the plan", async () => {
    using _discovered = onlyDiscovered();
    const to = ["restore", "acme", "--to", absent().url];
    const ended = await home.run([...to, "--json"], {
      env: sourceGone,
    });
    expect(ended.exit).toBe(0);
    const [warning, , line] = ended.stderr.split("\n");
    expect(warning).toMatch(/^warning: the plan of acme is not known here, since .*127\.0\.0\.1:1/);
    expect(line).toMatch(/^acme: backup \S+ of \S+, [^;]+ old$/);
    const { checks } = report.parse(JSON.parse(ended.stdout));
    expect(checks).toContainEqual({
      name: "assertions",
      outcome: "not-run",
      detail: "what the plan asserts is not known here",
    });
  });

  it("of a source that is gone is prepared by what the stores hold, and by a configuration that names the tenant", async () => {
    using _discovered = onlyDiscovered();
    const lost = { env: sourceGone };
    expect(await home.run(["tenants"], lost)).toMatchObject({
      exit: 4,
      stdout: "no tenant is known while sources cannot be asked for theirs\n",
      stderr: expect.stringMatching(
        /^warning: the stores also hold acme; `holdfast list` shows their backups$/m,
      ),
    });
    expect(await home.run(["verify", "acme"], lost)).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(
        /; a tenant that the configuration names under `tenants` is known without its source$/m,
      ),
    });
  });

  it("under a name that its database had before a tenant was renamed is told of by tenants", async () => {
    using _renamed = home.set({
      tenants: { "acme-inc": { source: "main", database: "acme", plan: "standard" } },
    });
    const told = await home.run(["tenants"]);
    expect(told.exit).toBe(0);
    expect(told.stderr).toMatch(
      /^warning: the stores also hold acme, which is no tenant here: .*; `holdfast list` shows their backups$/m,
    );
    expect((await home.run(["tenants", "--names-only"])).stderr).toBe("");
  });

  it("gives nothing with --shared to a role that has something in another database, and tells it", async () => {
    const ended = await restore("--to", absent().url, "--shared", "--json");
    expect(ended.exit).toBe(4);
    expect(ended.stdout).toContain(
      "role acme_owner was there before with something in database back1, on a target that others share",
    );
  });

  it("fills a database that exists and is empty, and says so in words", async () => {
    const { name, url } = absent();
    await createDatabase(target, name);
    await psql(target, "postgres", `comment on database ${name} is 'to be filled'`);
    writeFileSync(join(home.folder, "target-url"), `${url}\n`, { mode: 0o600 });
    const ended = await restore("--to", "file:target-url", "--latest-verified", "--jobs", "1");
    expect(ended.exit).toBe(0);
    expect(ended.stdout).toMatch(
      new RegExp(
        `^acme ${older} restored to ${name} from two\n3 tables, 500 rows, .*\nloaded after \\S+ s, compared after \\S+ s\n`,
      ),
    );
    expect(ended.stdout).toMatch(/^tables +passed/m);
    expect(await psql(target, name, "select count(*) from invoice")).toBe("490");
  });

  it("with --table loads that table alone, one whose name holds a dot too", async () => {
    const { name, url } = absent();
    const ended = await restore(
      "--to",
      url,
      "--table",
      'public."Odd.Name"',
      "--table",
      "public.invoice",
      "--json",
    );
    expect(ended.exit).toBe(0);
    const { url: one, name: alone } = absent();
    const single = await restore("--to", one, "--table", 'public."Odd.Name"', "--json");
    expect(report.parse(JSON.parse(single.stdout))).toMatchObject({ tables: 1, rows: 0 });
    const tables =
      "select string_agg(relname, ' ' order by relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
    expect(await psql(target, name, tables)).toBe("Odd.Name invoice");
    expect(await psql(target, alone, tables)).toBe("Odd.Name");
  });

  it("with --table of a partitioned table loads its partitions of every level", async () => {
    const { name, url } = absent();
    const ended = await restore("--to", url, "--table", "public.entry", "--json");
    expect(report.parse(JSON.parse(ended.stdout))).toMatchObject({ tables: 1, rows: 10, bytes: 41 });
    expect(await psql(target, name, "select count(*) from entry")).toBe("10");
    const { url: part, name: alone } = absent();
    await restore("--to", part, "--table", "public.entry_1_1");
    expect(await psql(target, alone, "select count(*) from entry_1_1")).toBe("10");
  });

  it("with --table of a table that the backup lacks exits 2 and makes no database", async () => {
    const { name, url } = absent();
    const ended = await restore("--to", url, "--table", "public.nothing");
    expect([ended.exit, ended.stderr]).toEqual([2, expect.stringContaining("public.nothing")]);
    const near = await restore("--to", url, "--table", "public.invoces");
    expect([near.exit, near.stderr]).toEqual([2, expect.stringContaining("did you mean public.invoice?")]);
    expect(await psql(target, "postgres", `select from pg_database where datname = '${name}'`)).toBe("");
  });

  it("with --allow-unproven and a reason takes the newest, and says that it was never proven", async () => {
    const { name, url } = absent();
    const ended = await restore("--to", url, "--allow-unproven", "--reason", "nothing newer is left");
    expect(ended.exit).toBe(0);
    expect(ended.stderr).toContain(
      "warning: this backup was never proven; restored because: nothing newer is left\n",
    );
    expect(await psql(target, name, "select count(*) from invoice")).toBe("491");
  });
});

/** With these stores for the tenant, one of which may be new. */
async function replicateElsewhere(stores: readonly string[]): Promise<object> {
  mkdirSync(join(home.folder, "stores", "new"), { recursive: true });
  using _moved = home.set({
    "stores.new": { driver: "directory", path: "./stores/new" },
    "tenants.acme.stores": stores,
  });
  expect(await home.say(["stores", "check", ...stores])).toMatchObject({ exit: 0 });
  return await home.say(["replicate", "acme"]);
}

describe("which backup", () => {
  it("lies in the tenant's stores; where there is none, other stores that hold some are named", async () => {
    mkdirSync(join(home.folder, "stores", "new"));
    using _moved = home.set({
      "stores.new": { driver: "directory", path: "./stores/new" },
      "tenants.acme.stores": ["new"],
    });
    const warning =
      /^warning: acme: backups of it lie in one, two, which .*\n {2}hint: name one, two under tenants\.acme\.stores /m;
    const to = ["--to", absent().url];
    for (const [exit, args] of [
      [0, ["list"]],
      [0, ["list", "acme"]],
      [5, ["verify", "acme"]],
      [5, ["restore", "acme", ...to]],
      [2, ["restore", "acme", ...to, "--backup", older]],
      [2, ["restore", "acme", ...to, "--store", "one"]],
    ] as const)
      expect(await home.say(args)).toMatchObject({ exit, stderr: expect.stringMatching(warning) });
  });

  it("lies beside the tenant's stores alone is told by replicate, also where newer ones lie in them", async () => {
    const lost = await replicateElsewhere(["new"]);
    expect(lost).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining("backups of it lie in one, two, "),
    });
    const held = await replicateElsewhere(["two"]);
    expect(held).toMatchObject({ exit: 0, stderr: "" });
    const place = join(home.store("two"), "tenants", "acme", "backups", older);
    renameSync(place, `${place}.away`);
    const some = await replicateElsewhere(["two"]);
    renameSync(`${place}.away`, place);
    expect(some).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining("backups of it that its own stores lack lie in one, "),
    });
  });

  it.each<[string, () => string[], number, object]>([
    ["the newest verified one", () => [], 0, { proven: true, from: ["two", "one"] }],
    ["one that is named and unproven", () => ["--backup", newer], 5, { error: { code: "backup/none" } }],
    [
      "one that is named and may be unproven",
      () => ["--backup", newer, "--allow-unproven", "--reason", "why not"],
      0,
      { proven: false, rows: 501 },
    ],
    [
      "the copy of a store that was not proven",
      () => ["--store", "one"],
      5,
      { error: { code: "backup/none" } },
    ],
    ["the copy of a store that was", () => ["--store", "two"], 0, { from: ["two", "one"] }],
    [
      "one from before there was any",
      () => ["--before", "2020-01-01T00:00:00Z"],
      5,
      { error: { code: "backup/none" } },
    ],
    ["one from before tomorrow", () => ["--before", "2099-01-01 00:00+04:00"], 0, { rows: 500 }],
    ["one that is young enough", () => ["--not-older-than", "1d"], 0, { rows: 500 }],
    ["one that is too old", () => ["--not-older-than", "1s"], 6, { error: { code: "backup/old" } }],
    [
      "one that no store holds",
      () => ["--backup", "20000101T000000Z-aaaaaa"],
      2,
      { error: { code: "backup/unknown" } },
    ],
  ])("is %s", async (_what, args, exit, told) => {
    const ended = await home.say([
      "restore",
      "acme",
      "--to",
      absent().url,
      "--plan-only",
      "--json",
      ...args(),
    ]);
    expect({ exit: ended.exit, ...JSON.parse(ended.stdout) }).toMatchObject({ exit, ...told });
  });
});

describe("--plan-only", () => {
  it("tells the backup, where from, and each thing looked at on the target, and changes nothing", async () => {
    const { name, url } = absent();
    const json = plan.parse(await home.json(["restore", "acme", "--to", url, "--plan-only"]));
    expect(json).toMatchObject({ backup: older, suitable: true, tables: 3, rows: 500 });
    expect(json.target.map((one) => one.name)).toEqual([
      "version",
      "encoding",
      "locale",
      "extensions",
      "empty",
      "privileges",
      "room",
    ]);
    const text = await restore("--to", url, "--plan-only");
    expect(text.stdout).toMatch(new RegExp(`^verified backup ${older} of `));
    expect(text.stdout).toMatch(/the restore can go ahead\n$/);
    expect(await psql(target, "postgres", `select from pg_database where datname = '${name}'`)).toBe("");
  });
});

describe("wrong usage", () => {
  const nameless = "--to names no database; it is written postgres://user@host:5432/database";
  const to = ["--to", "postgres://x@127.0.0.1/x"];
  it.each([
    [["acme"], "missing required argument: to"],
    [[...to], "not enough non-option arguments: got 0, need at least 1"],
    [["Ac/me", ...to], "Ac/me is no name of a tenant"],
    [["nobody", ...to], "there is no tenant nobody"],
    [
      ["acme", ...to, "--allow-unproven"],
      "--allow-unproven needs --reason TEXT, which is told with the restore",
    ],
    [
      ["acme", ...to, "--allow-unproven", "--reason", " "],
      "--allow-unproven needs --reason TEXT, which is told with the restore",
    ],
    [["acme", ...to, "--reason", "so"], "--reason goes with --allow-unproven"],
    [
      ["acme", ...to, "--latest-verified", "--backup", "20261121T013000Z-k7f3qa"],
      "--latest-verified goes with neither --backup nor --allow-unproven",
    ],
    [
      ["acme", ...to, "--backup", "latest"],
      "latest is not a backup's id; one looks like 20261121T013000Z-k7f3qa",
    ],
    [
      ["acme", ...to, "--before", "yesterday"],
      "--before yesterday is not a time with its zone, such as 2026-11-20T18:00:00Z or 2026-11-20T18:00:00+04:00",
    ],
    [
      ["acme", ...to, "--before", "2026-11-31T18:00:00Z"],
      "--before 2026-11-31T18:00:00Z is no day of the calendar",
    ],
    [
      ["acme", ...to, "--before", "2027-02-29 18:00+04:00"],
      "--before 2027-02-29 18:00+04:00 is no day of the calendar",
    ],
    [["acme", ...to, "--store", "../one"], "../one is no name of a store"],
    [["acme", ...to, "--store", "three"], "acme has no store three; it has one, two"],
    [["acme", ...to, "--jobs", "0"], "--jobs must be a whole number from 1 to 64"],
    [
      ["acme", ...to, "--not-older-than", "soon"],
      "--not-older-than must be a duration such as 90s, 15m, 6h, 7d or 4w",
    ],
    [["acme", ...to, "--table", "invoice"], "invoice is not SCHEMA.NAME of a table"],
    [["acme", "--to", "env:NOWHERE"], "the environment has no NOWHERE"],
    [["acme", "--to", "file:nowhere"], "nowhere cannot be read"],
    [["acme", "--to", "back"], "--to: the URL of a server must look like postgres://user@host:5432/database"],
    [["acme", "--to", "postgres://x@127.0.0.1"], nameless],
    [["acme", "--to", "postgres://x@127.0.0.1/?sslmode=disable"], nameless],
    [["acme", ...to, "--to", "postgres://y@127.0.0.1/y"], "--to is given 2 times"],
  ])("%j exits 2", async (args, message) => {
    const ended = await home.say(["restore", ...args]);
    expect(ended).toMatchObject({ exit: 2, stdout: "" });
    expect(ended.stderr.split("\n").at(0)).toBe(`error: ${message}`);
  });
});
