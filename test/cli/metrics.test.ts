/** `holdfast metrics` prints a scrape from the catalog where one runs, else from the stores alone, and never calls silence health. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Tenant } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { openCatalog } from "../../src/desk/open-catalog.ts";
import { tenantTerms } from "../../src/desk/tenant-terms.ts";
import { type ConfigFolder } from "../support/config-folder.ts";
import { type SaidHere, saidHere } from "../support/holdfast-here.ts";
import { testWait } from "../support/postgres-server.ts";
import { type OnlookerHome, onlookerHome, onlookerYaml } from "../support/onlooker-home.ts";
import { type House, rows } from "../support/repository-fixture.ts";

const yaml = onlookerYaml({ tenants: ["acme", "bravo"] });

let looking: OnlookerHome;
let house: House;
let home: ConfigFolder;
const place = (name: string): string => join(home.folder, name);

beforeAll(async () => {
  looking = await onlookerHome(yaml);
  ({ house, home } = looking);
  const { stores } = looking;
  await house.backUp(stores, { "tables-1": rows(0, 10) }, { order: { kind: "daily" } });
});

afterAll(async () => {
  await looking[Symbol.asyncDispose]();
});

function scrape(...args: readonly string[]): Promise<SaidHere> {
  return saidHere(["metrics", "--once", ...args], {}, home.folder);
}

function samples({ stdout }: SaidHere, name: string): string[] {
  return stdout.split("\n").filter((line) => new RegExp(`^${name}[ {]`).test(line));
}

/** With a store's folder away, as when its volume is not mounted. */
async function without<T>(store: string, work: () => Promise<T>): Promise<T> {
  await rename(place(store), place(`${store}.away`));
  try {
    return await work();
  } finally {
    await rename(place(`${store}.away`), place(store));
  }
}

describe("metrics from the stores alone", () => {
  it("tell how every tenant stands, in a text that promtool takes", async () => {
    const said = await scrape();
    expect([said.exit, said.stderr]).toEqual([0, ""]);
    const { stdout } = await execa("promtool", ["check", "metrics"], { input: said.stdout, all: true });
    expect(stdout).toBe("");
    expect(samples(said, "holdfast_copies")).toEqual([
      'holdfast_copies{tenant="acme"} 2',
      'holdfast_copies{tenant="bravo"} 0',
    ]);
    expect(samples(said, "holdfast_backup_last_success_timestamp_seconds")).toHaveLength(1);
    expect(samples(said, "holdfast_tenants_breaching")).toContain(
      'holdfast_tenants_breaching{breach="never-backed-up"} 1',
    );
    expect(samples(said, "holdfast_store_up")).toHaveLength(2);
    expect(samples(said, "holdfast_catalog_up")).toEqual([]);
  });

  it("show a store that is away as down, and end with 4", async () => {
    const said = await without("two", () => scrape());
    expect(said.exit).toBe(4);
    expect(said.stderr).toContain("warning: two: ");
    expect(samples(said, "holdfast_store_up").toSorted()).toEqual([
      'holdfast_store_up{store="one"} 1',
      'holdfast_store_up{store="two"} 0',
    ]);
    expect(samples(said, "holdfast_copies")).toContain('holdfast_copies{tenant="acme"} 1');
  });

  it("call nobody well when no store answers, and end with 1", async () => {
    const said = await without("one", () => without("two", () => scrape()));
    expect(said.exit).toBe(1);
    expect(samples(said, "holdfast_tenants")).toEqual([]);
    expect(samples(said, "holdfast_tenants_breaching")).toEqual([]);
    expect(samples(said, "holdfast_store_up").every((line) => line.endsWith(" 0"))).toBe(true);
  });
});

describe("metrics from a catalog that runs", () => {
  it("tell what it knows, and ask the stores only whether they answer", async () => {
    const config = await loadConfig(home.path, {});
    const wait = testWait();
    await using catalog = await openCatalog(config, machine(), { mode: "start" }, wait);
    await catalog?.index.setTenants(
      [...config.tenants.values()].map((one: Tenant) => tenantTerms(one, null)),
      wait,
    );
    const said = await scrape("--json");
    const document = z
      .object({
        from: z.string(),
        families: z.array(z.object({ name: z.string(), samples: z.array(z.object({ value: z.number() })) })),
      })
      .parse(JSON.parse(said.stdout));
    const values = (name: string): number[] | undefined =>
      document.families.find((one) => one.name === name)?.samples.map(({ value }) => value);
    expect([said.exit, document.from]).toEqual([0, "catalog"]);
    expect(values("holdfast_catalog_up")).toEqual([1]);
    expect(values("holdfast_tenants")).toEqual([2]);
    expect(values("holdfast_store_up")).toEqual([1, 1]);
    // Nothing was indexed: it is the catalog that speaks, not the stores.
    expect(values("holdfast_copies")).toEqual([0, 0]);
  });
});

function machine(): Machine {
  return {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: {},
    cwd: home.folder,
    version: "0.0.0",
    packageFolder: home.folder,
    hostName: "test-host",
    uid: process.getuid?.() ?? -1,
  };
}
