/**
 * A copy that is not whole is refuted by name, alone in its store; the other is proven still, and a restore
 * takes each object from whichever store has it, or changes nothing (promises 4, 5 and 9).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { damage, type Damage } from "../support/damage.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { objectsOf, type ObjectRole } from "../support/store-objects.ts";
import { type Ended, tenantHome, type TenantHome } from "../support/tenant-home.ts";

const reports = z.array(
  z.object({
    store: z.string(),
    verdict: z.string(),
    proofIn: z.array(z.string()),
    unwritten: z.array(z.string()),
    checks: z.array(
      z.object({
        name: z.string(),
        outcome: z.string(),
        findings: z.array(z.object({ subject: z.string(), difference: z.string() })),
      }),
    ),
  }),
);
type Report = z.infer<typeof reports>[number];

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  // Where a table is cut hangs on the keys of its tenant; four unlike ones, too large to share a stream, are four chunks.
  for (const [name, tables, rows] of [
    ["acme", 4, 37_500],
    ["bravo", 1, 100],
  ] as const) {
    await createDatabase(server, name);
    for (let table = 1; table <= tables; table += 1) {
      await psql(
        server,
        name,
        `create table invoice_${String(table)} (id int primary key, note text);
         insert into invoice_${String(table)}
           select g, md5(g::text || '${name} ${String(table)}') from generate_series(1, ${String(rows)}) g`,
      );
    }
  }
  home = await tenantHome(urlOf(server, "postgres"), ["acme", "bravo"]);
  await home.json(["backup", "--all"]);
  await home.json(["verify", "acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Objects of that role, the largest first. */
function objects(role: ObjectRole, tenant = "acme"): string[] {
  const size = (key: string): number => readFileSync(join(home.store("one"), key)).length;
  return objectsOf(home.store("one"), tenant, role).toSorted((a, b) => size(b) - size(a));
}

function object(role: ObjectRole, index = 0, tenant = "acme"): string {
  const key = objects(role, tenant)[index];
  if (key === undefined) throw new Error(`there is no ${role} ${String(index)}`);
  return key;
}

async function verified(exit: number, ...args: readonly string[]): Promise<readonly Report[]> {
  return reports.parse(await home.json(["verify", "acme", ...args], exit));
}

function copyFindings(report: Report | undefined): string[] {
  const copy = report?.checks.find(({ name }) => name === "copy");
  return (copy?.findings ?? []).map(({ subject, difference }) => `${subject}: ${difference}`);
}

function restore(...args: readonly string[]): Promise<Ended> {
  return home.run(["restore", "acme", "--to", urlOf(server, "back"), "--json", ...args]);
}

/** Whether the server has the database that was to be restored to. */
async function targetExists(): Promise<boolean> {
  return (await psql(server, "postgres", "select from pg_database where datname = 'back'")) !== "";
}

const flipped: Damage = { kind: "flipped", where: "body" };

describe("a restore", () => {
  it("takes object by object from whichever store has it whole, and says so", async () => {
    using _one = damage(home.store("one"), object("chunk", 0), flipped);
    using _two = damage(home.store("two"), object("chunk", 1), { kind: "flipped", where: "tag" });
    const ended = await restore("--store", "one");
    expect(ended).toMatchObject({ exit: 0 });
    const report = z
      .object({ from: z.array(z.string()), rows: z.int(), notes: z.array(z.string()) })
      .parse(JSON.parse(ended.stdout));
    expect(report).toMatchObject({ rows: 150_000 });
    expect(report.from.toSorted()).toEqual(["one", "two"]);
    expect(report.notes).toContain(`${object("chunk", 0)} is altered in one`);
    await psql(server, "postgres", "drop database back");
  });

  it("of an object that no store has whole fails and leaves no database behind, exit 3", async () => {
    using _one = damage(home.store("one"), object("chunk"), flipped);
    using _two = damage(home.store("two"), object("chunk"), flipped);
    const ended = await restore();
    expect(ended).toMatchObject({ exit: 3 });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: "store/corrupt", message: `${object("chunk")} is altered in one, two` },
    });
    expect(await targetExists()).toBe(false);
    expect(await psql(server, "postgres", "select from pg_roles where rolname ~ '^holdfast_load'")).toBe("");
  });

  it("into a database that was there leaves it empty again, and nobody's but its owner's", async () => {
    using _one = damage(home.store("one"), object("chunk"), flipped);
    using _two = damage(home.store("two"), object("chunk"), flipped);
    await createDatabase(server, "back");
    const ended = await restore();
    expect(ended.exit).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: "store/corrupt" } });
    const left =
      "select relname from pg_class where oid >= 16384 union all select rolname from pg_roles where rolname ~ '^holdfast_load'";
    expect(await psql(server, "back", left)).toBe("");
    await psql(server, "postgres", "drop database back");
  });

  it("of objects that are missing in every store finds nothing suitable and changes nothing, exit 5", async () => {
    const [first, second] = [object("chunk", 0), object("chunk", 1)];
    using _one = damage(home.store("one"), first, { kind: "missing" });
    using _two = damage(home.store("two"), second, { kind: "missing" });
    const ended = await restore();
    expect(ended.exit).toBe(5);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: "backup/none" } });
    expect(ended.stderr).toContain(`one: ${first} is missing`);
    expect(ended.stderr).toContain(`two: ${second} is missing`);
    expect(ended.stderr).toContain("--allow-unproven --reason TEXT takes each object");
    expect(await targetExists()).toBe(false);
  });

  it("of copies that are whole only together goes ahead where the backup is named and may be unproven", async () => {
    const [first, second] = [object("chunk", 0), object("chunk", 1)];
    using _one = damage(home.store("one"), first, { kind: "missing" });
    using _two = damage(home.store("two"), second, { kind: "missing" });
    const backup = object("record").split("/")[3] ?? "";
    const ended = await restore("--backup", backup, "--allow-unproven", "--reason", "both disks are torn");
    expect(ended).toMatchObject({ exit: 0 });
    expect(JSON.parse(ended.stdout)).toMatchObject({ rows: 150_000 });
    await psql(server, "postgres", "drop database back");
  });
});

describe("a copy", () => {
  it("with objects missing, truncated, flipped and another tenant's is refuted by their names; the other is proven", async () => {
    const [missing, truncated, altered, swapped] = [0, 1, 2, 3].map((index) => object("chunk", index));
    const store = home.store("one");
    const foreign = object("chunk", 0, "bravo");
    using _missing = damage(store, missing ?? "", { kind: "missing" });
    using _truncated = damage(store, truncated ?? "", { kind: "truncated", toBytes: 100 });
    using _flipped = damage(store, altered ?? "", flipped);
    using _swapped = damage(store, swapped ?? "", { kind: "replaced", by: { store, key: foreign } });
    const [one, two] = await verified(3);
    expect(one).toMatchObject({ store: "one", verdict: "refuted", proofIn: ["one", "two"] });
    expect(copyFindings(one).toSorted()).toEqual(
      [
        `object ${missing ?? ""}: absent`,
        ...[truncated, altered, swapped].map((key) => `object ${key ?? ""}: altered`),
      ].toSorted(),
    );
    expect(two).toMatchObject({ store: "two", verdict: "proven" });
    const list = z
      .array(z.object({ copies: z.record(z.string(), z.object({ state: z.string() })) }))
      .parse(await home.json(["list", "acme"]));
    expect(list[0]?.copies).toMatchObject({ one: { state: "damaged" }, two: { state: "present" } });
    const ended = await restore();
    expect(JSON.parse(ended.stdout)).toMatchObject({ from: ["two"], proven: true });
    await psql(server, "postgres", "drop database back");
  });

  it.each<[ObjectRole, Damage]>([
    ["manifest", { kind: "flipped", where: "tag" }],
    ["inventory", { kind: "missing" }],
    ["key-identity", { kind: "flipped", where: "body" }],
    ["key-statement", { kind: "missing" }],
  ])("with its %s %o is refuted, with a proof in the other store at least", async (role, how) => {
    using _damaged = damage(home.store("one"), object(role), how);
    const [one] = await verified(3, "--store", "one");
    expect(one).toMatchObject({ store: "one", verdict: "refuted" });
    expect(one?.proofIn).toContain("two");
    expect(copyFindings(one)).toHaveLength(1);
  });

  it("whose keys are gone from every store is refuted though no proof can be sealed", async () => {
    const key = object("key-statement");
    using _one = damage(home.store("one"), key, { kind: "missing" });
    using _two = damage(home.store("two"), key, { kind: "missing" });
    const ended = await home.say(["verify", "acme", "--store", "one", "--json"]);
    const why = "tenants/acme/keys/1.jws is not in one";
    expect(ended.exit).toBe(3);
    const [one] = reports.parse(JSON.parse(ended.stdout));
    expect(one).toMatchObject({ verdict: "refuted", proofIn: [], unwritten: [why] });
    expect(ended.stderr).toContain(`was written to none of 2 stores: ${why}\n`);
  });
});
