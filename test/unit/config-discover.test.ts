/** Databases become tenants by rule, never twice and never in silence. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { type FoundDatabase, matchDiscovered } from "../../src/config/match-discovered.ts";
import { sourceName } from "../../src/model/ids.ts";
import { configFolder, designYaml } from "../support/config-folder.ts";

const source = sourceName.parse("erp");

async function discover(rules: string, databases: readonly string[]) {
  await using made = await configFolder(designYaml.replace(/discover:[^]*$/, `discover:\n${rules}`));
  const config = await loadConfig(made.path, {});
  const found: FoundDatabase[] = databases.map((database) => ({ source, database }));
  return matchDiscovered(found, config.discover, config.tenants);
}

const rule = (glob: string, plan: string): string =>
  `  - { source: erp, databases: ${JSON.stringify(glob)}, plan: ${plan} }\n`;

describe("discovery", () => {
  it("makes tenants of the databases that a rule matches, by the first rule that does", async () => {
    const { tenants, refused } = await discover(
      rule("tenant_a*", "business") + rule("tenant_*", "standard"),
      ["tenant_alpha", "tenant_B", "postgres", "xtenant_c"],
    );
    expect(tenants.map(({ id, planName, origin }) => ({ id, planName, origin }))).toEqual([
      { id: "tenant-alpha", planName: "business", origin: "discovered" },
      { id: "tenant-b", planName: "standard", origin: "discovered" },
    ]);
    expect(refused).toEqual([]);
  });

  it("leaves databases that are configured to the configuration", async () => {
    const { tenants, refused } = await discover(rule("*", "standard"), ["acme", "shared", "other"]);
    expect(tenants.map((tenant) => tenant.id)).toEqual(["other"]);
    expect(refused).toEqual([]);
  });

  it("tells of databases whose id is bad or taken", async () => {
    const { tenants, refused } = await discover(rule("*", "standard"), ["ACME", "x_y", "x-y", "größe", "_z"]);
    expect(tenants).toEqual([]);
    expect(refused.map(({ database, reason }) => `${database}: ${reason}`)).toEqual([
      "ACME: tenant acme exists already; name this one under tenants",
      "größe: its name makes no tenant id; name it under tenants",
      "_z: its name makes no tenant id; name it under tenants",
      "x_y: x-y would be tenant x-y as well; name each under tenants",
      "x-y: x_y would be tenant x-y as well; name each under tenants",
    ]);
  });

  it("takes everything but * and ? in a glob for itself", async () => {
    const { tenants } = await discover(rule("a.b?[c]*", "standard"), ["axb1[c]", "a.b1[c]", "a.b1[c]2"]);
    expect(tenants).toEqual([]);
    const dotted = await discover(rule("t?st-*", "standard"), ["test-1", "tast-", "teest-1", "test_1"]);
    expect(dotted.tenants.map((tenant) => tenant.id)).toEqual(["test-1", "tast-"]);
  });
});
