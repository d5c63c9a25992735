/** `replicate`, `scrub` and `heal` as people and scripts meet them: what they print, their JSON, their exit codes, wrong usage, and hosts without keys. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { damage } from "../support/damage.ts";
import type { SaidHere } from "../support/holdfast-here.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { objectsOf } from "../support/store-objects.ts";
import { tenantHome, type TenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table entry as select n from generate_series(1, 1000) as n");
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  await home.json(["backup", "acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const keys = z.array(z.string());
const scrubs = z.array(
  z.strictObject({
    tenant: z.literal("acme"),
    store: z.enum(["one", "two"]),
    whole: z.int(),
    damaged: z.int(),
    missing: z.int(),
    recovered: z.int(),
    untrusted: z.int(),
    unopenable: keys,
    bytes: z.int(),
    seconds: z.number(),
    damagedKeys: keys,
    missingKeys: keys,
    findingsIn: keys,
    notes: keys,
  }),
);
const down = z.record(z.string(), z.string());
const heals = z.array(
  z.strictObject({
    tenant: z.literal("acme"),
    store: z.enum(["one", "two"]),
    healed: z.int(),
    bytes: z.int(),
    whole: z.int(),
    unhealed: z.array(z.strictObject({ key: z.string(), reason: z.string(), mayReturn: z.boolean() })),
    backups: keys,
    findingsIn: keys,
    down,
    notes: keys,
    proofs: z.array(z.strictObject({ backup: z.string(), verdict: z.string() })),
  }),
);
const replicates = z.array(
  z.strictObject({
    tenant: z.literal("acme"),
    copies: z.array(
      z.strictObject({
        backup: z.string(),
        store: z.string(),
        result: z.string(),
        objects: z.int(),
        bytes: z.int(),
        detail: z.string().nullable(),
      }),
    ),
    documents: z.int(),
    down,
  }),
);

async function said(args: readonly string[], exit: number): Promise<SaidHere> {
  const ended = await home.say(args);
  expect(`${String(ended.exit)}${ended.exit === exit ? "" : ended.stderr}`).toBe(String(exit));
  return ended;
}

async function json(args: readonly string[], exit: number): Promise<unknown> {
  return JSON.parse((await said([...args, "--json"], exit)).stdout);
}

function chunk(): string {
  return objectsOf(home.store("two"), "acme", "chunk")[0] ?? "";
}

function flip(key: string): Disposable {
  return damage(home.store("two"), key, { kind: "flipped", where: { byte: 200 } });
}

describe("whole stores", () => {
  it("are told as whole, in each of which the same lies", async () => {
    const [one, two] = scrubs.parse(await json(["scrub"], 0));
    expect(one?.whole).toBe(two?.whole);
    expect((await said(["scrub", "acme", "--store", "two"], 0)).stdout).toMatch(/^tenant +store +whole/);
    expect(heals.parse(await json(["heal", "acme"], 0))).toMatchObject([{ healed: 0 }, { healed: 0 }]);
    expect((await said(["replicate"], 0)).stdout).toBe("no copy was lacking\n");
  });
});

describe("damage", () => {
  it("is found, listed, healed and proven anew", async () => {
    const key = chunk();
    flip(key);
    const [report] = scrubs.parse(await json(["scrub", "acme", "--store", "two"], 3));
    expect(report).toMatchObject({ damaged: 1, damagedKeys: [key], findingsIn: ["one", "two"] });
    expect(await json(["list", "acme"], 0)).toMatchObject([
      { copies: { one: { state: "present" }, two: { state: "damaged" } } },
    ]);
    const [healed] = heals.parse(await json(["heal", "acme", "--store", "two", "--verify"], 0));
    expect(healed).toMatchObject({ healed: 1, unhealed: [], proofs: [{ verdict: "proven" }] });
    expect(await json(["list", "acme"], 0)).toMatchObject([
      { copies: { two: { state: "present", proof: { verdict: "proven" } } } },
    ]);
    expect((await said(["scrub"], 0)).stderr).toBe("");
  });

  it("that no store can mend is told by its key, with exit 3", async () => {
    const key = chunk();
    using _one = damage(home.store("one"), key, { kind: "missing" });
    using _two = damage(home.store("two"), key, { kind: "missing" });
    const ended = await said(["heal", "--store", "two"], 3);
    expect(ended.stdout).toContain(`not healed in two: ${key}`);
    expect((await said(["scrub", "--store", "two"], 3)).stdout).toContain(`missing in two: ${key}`);
  });

  it("is found by a host that has neither an identity nor a signing key, and stated nowhere", async () => {
    using _ = home.set({ "keys.identity": null, "keys.signing": null });
    using _damage = flip(chunk());
    const [report] = scrubs.parse(await json(["scrub", "--store", "two"], 3));
    expect(report).toMatchObject({ damaged: 1, findingsIn: [] });
    expect(report?.notes).toEqual(["findings are not stated: this host signs nothing"]);
  });

  it("is healed by such a host too, which says what is left to do", async () => {
    flip(chunk());
    await said(["scrub", "--store", "two"], 3);
    using _ = home.set({ "keys.identity": null, "keys.signing": null });
    const ended = await said(["heal", "acme", "--store", "two", "--verify"], 4);
    expect(ended.stderr).toContain("still counts as damaged");
    expect(ended.stderr).toContain("the proof of what was healed in two is still to come");
  });
});

describe("a copy that is lacking", () => {
  it("is completed from the other store", async () => {
    await said(["scrub"], 0);
    const [record = ""] = objectsOf(home.store("two"), "acme", "record");
    rmSync(join(home.store("two"), record));
    const [report] = replicates.parse(await json(["replicate", "acme"], 0));
    expect(report?.copies).toMatchObject([{ store: "two", result: "copied", detail: null }]);
    expect(await json(["list", "acme"], 0)).toMatchObject([{ copies: { two: { state: "present" } } }]);
  });

  it("stays so while its store is away, with exit 4 and the store's name", async () => {
    renameSync(home.store("two"), `${home.store("two")}-away`);
    const [report] = replicates.parse(await json(["replicate", "--all"], 4));
    expect(Object.keys(report?.down ?? {})).toEqual(["two"]);
    expect((await said(["scrub"], 4)).stderr).toContain("warning: two");
    await said(["heal", "acme", "--store", "two"], 1);
    // An empty mount point is no store.
    mkdirSync(home.store("two"));
    expect((await said(["replicate", "acme"], 4)).stderr).toContain("holds no holdfast.json");
    rmSync(home.store("two"), { recursive: true });
    renameSync(`${home.store("two")}-away`, home.store("two"));
  });
});

describe("wrong usage", () => {
  it.each([
    [["replicate", "acme", "--all"], "name one tenant, or give --all, not both"],
    [["replicate", "Acme"], "no name of a tenant"],
    [["replicate", "nobody"], "there is no tenant nobody"],
    [["scrub", "nobody"], "there is no tenant nobody"],
    [["scrub", "--store", "three"], "there is no store three; there are one, two"],
    [["heal", "acme", "--store", "three"], "there is no store three; there are one, two"],
    [["heal", "acme", "--stores", "two"], "unknown argument"],
  ])("%j is told as such", async (args, message) => {
    expect((await said(args, 2)).stderr).toContain(message);
  });
});
