/** `tenants schedule` shows what comes next, keeps a tenant's choice within its plan, and needs no catalog for the plan's own schedule. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import type { ServerAddress } from "../../src/base/server-address.ts";
import { tenantId } from "../../src/model/ids.ts";
import { testWait, urlOf } from "../support/postgres-server.ts";
import { type TenantHome, tenantHome } from "../support/tenant-home.ts";

const wait = testWait();
let catalogs: CatalogServer;
let home: TenantHome;
let address: ServerAddress;

beforeAll(async () => {
  [catalogs, home] = await Promise.all([
    startCatalogServer(),
    tenantHome("postgres://nobody@127.0.0.1:1/none", ["acme", "bravo"]),
  ]);
  address = await catalogs.fresh();
  await writeFile(join(home.folder, "catalog-url"), urlOf(catalogs.server, address.database));
  home.set({
    catalog: "file:./catalog-url",
    "tenants.bravo.plan": "business",
    "tenants.bravo.timeZone": "Europe/Berlin",
  });
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await catalogs[Symbol.asyncDispose]();
});

const said = z.object({
  choice: z.unknown(),
  choiceKnown: z.boolean(),
  problems: z.array(z.string()),
  expectedIntervalSeconds: z.number(),
  preview: z.array(z.object({ kind: z.string(), at: z.string(), local: z.string() })),
});

async function schedule(args: string, exit = 0): Promise<z.infer<typeof said>> {
  const ended = await home.say(["tenants", "schedule", ...args.split(" "), "--json"]);
  expect([ended.exit, ended.stderr === ""]).toEqual([exit, exit === 0]);
  return said.parse(JSON.parse(ended.stdout));
}

async function stored(): Promise<unknown> {
  await using catalog = await connectTo(address);
  return await catalog.choices.of(tenantId.parse("bravo"), wait);
}

/** The schedule of bravo among all tenants. */
async function listed(): Promise<string> {
  const ended = await home.say(["tenants", "--names-only", "--json"]);
  expect([ended.exit, ended.stderr]).toEqual([0, ""]);
  const { tenants } = z
    .object({ tenants: z.array(z.object({ tenant: z.string(), schedule: z.string() })) })
    .parse(JSON.parse(ended.stdout));
  return tenants.find(({ tenant }) => tenant === "bravo")?.schedule ?? "";
}

describe("tenants schedule", () => {
  it("keeps a choice in the catalog, shows it from then on, and takes it back", async () => {
    const set = await schedule("bravo --set at=14:00 --set at=06:00 --preview 30");
    expect(set).toMatchObject({ choice: { kind: "at", times: ["06:00", "14:00"] }, choiceKnown: true });
    expect(set.expectedIntervalSeconds).toBe(16 * 3600);
    expect(await stored()).toEqual({ kind: "at", times: ["06:00", "14:00"] });
    const shown = await schedule("bravo --preview 30");
    expect(shown.choice).toEqual(set.choice);
    const custom = shown.preview.filter(({ kind }) => kind === "custom");
    expect(new Set(custom.map(({ local }) => local.slice(11, 19)))).toEqual(
      new Set(["06:00:00", "14:00:00"]),
    );
    for (const { at, local } of shown.preview) expect(Date.parse(local)).toBe(Date.parse(at));
    expect(new Set(shown.preview.map(({ kind }) => kind))).toEqual(new Set(["daily", "weekly", "custom"]));

    expect((await schedule("bravo --set every=6h")).choice).toEqual({ kind: "every", seconds: 21_600 });
    expect(await listed()).toMatch(/^daily .+, own choice every 6 h Europe\/Berlin$/);
    expect((await schedule("bravo --clear --preview 0")).choice).toBeNull();
    expect(await stored()).toBeNull();
    expect(await listed()).not.toContain("own choice");
  });

  it("shows people what the plan sets and what is next", async () => {
    const { exit, stdout } = await home.say(["tenants", "schedule", "bravo", "--preview", "2"]);
    expect(exit).toBe(0);
    expect(stdout).toContain("bravo: plan business, times of Europe/Berlin");
    expect(stdout).toContain("may choose  backups at least 6 h apart, at most 4 a day, at any hour");
    expect(stdout.split("\n").filter((line) => /^\d{4}-/.test(line))).toHaveLength(2);
  });

  it.each([
    ["bravo", "every=1h", "every 1 h is more often than every 6 h"],
    ["bravo", "at=23:00,03:00", "from 23:00 to 03:00 is 4 h, less than 6 h"],
    ["acme", "every=24h", "plan standard leaves a tenant nothing to choose"],
  ])("refuses for %s %s with what is wrong and what is allowed", async (tenant, choice, problem) => {
    const { exit, stderr } = await home.say(["tenants", "schedule", tenant, "--set", choice]);
    expect(exit).toBe(6);
    expect(stderr).toContain(problem);
    expect(stderr.includes("at least 6 h apart, at most 4 a day")).toBe(tenant === "bravo");
    expect(await stored()).toBeNull();
  });

  it.each([
    ["--set 6h"],
    ["--set every=6h --clear"],
    ["--set every=6h --set at=06:00"],
    ["--preview -1"],
    ["--preview many"],
    ["--preview 100000"],
    ["--names-only"],
  ])("takes no %s", async (args) => {
    const { exit } = await home.say(["tenants", "schedule", "bravo", ...args.split(" ")]);
    expect(exit).toBe(2);
  });

  it("says that a choice is without effect once the plan has become stricter", async () => {
    await schedule("bravo --set every=6h");
    {
      using _ = home.set({ "tenantChoice.minInterval": "12h" }, "plans/business.yaml");
      const ended = await home.say(["tenants", "schedule", "bravo", "--json"]);
      const shown = said.parse(JSON.parse(ended.stdout));
      expect(shown.problems).toEqual(["every 6 h is more often than every 12 h"]);
      expect(shown.preview.some(({ kind }) => kind === "custom")).toBe(false);
      expect(ended.stderr).toContain("the plan does not allow the choice any more");
    }
    expect((await schedule("bravo")).problems).toEqual([]);
    await schedule("bravo --clear");
  });

  it("shows the plan's schedule without a catalog, and says what it cannot know", async () => {
    using _ = home.set({ catalog: "postgres://nobody@127.0.0.1:1/none" });
    const without = await schedule("bravo --preview 9", 4);
    expect(without).toMatchObject({ choice: null, choiceKnown: false });
    expect(without.preview).toHaveLength(9);
    // Where nothing may be chosen there is nothing to be known.
    expect(await schedule("acme --preview 9")).toMatchObject({ choice: null, choiceKnown: true });
    const refused = await home.say(["tenants", "schedule", "bravo", "--set", "every=6h"]);
    expect(refused.exit).toBe(1);
  });

  it("makes no catalog only to show a schedule", async () => {
    using _ = home.set({ catalog: "embedded" });
    expect(await schedule("bravo --preview 1")).toMatchObject({ choice: null, choiceKnown: true });
  });
});
