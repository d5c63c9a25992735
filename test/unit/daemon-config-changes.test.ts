/** What a reload takes for a change: settings by their paths, and secrets by what they are, never their values. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configChanges } from "../../src/daemon/config-changes.ts";
import { type ReadConfig, readConfig } from "../../src/daemon/read-config.ts";
import { stampOf } from "../../src/daemon/watch-files.ts";
import { type ConfigFolder, configFolder, designYaml } from "../support/config-folder.ts";

let folder: ConfigFolder;
const env = { ERP_URL: "postgres://erp", S3_KEY: "k", S3_SECRET: "s" };
const yaml = designYaml
  .replace(
    "  erp: { url: env:ERP_URL",
    '  lab: { url: "postgres://h@lab" }\n  erp: { url: "postgres://h@host-a"',
  )
  .replace("catalog: embedded", "catalog: postgres://h@host-a/catalog");

beforeAll(async () => {
  folder = await configFolder(yaml, { "keys/signing.pub.jwk": "one", "keys/signing.jwk": "one" });
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function read(text: string, given: Readonly<Record<string, string>> = env): Promise<ReadConfig> {
  await writeFile(folder.path, text);
  return readConfig(folder.path, given);
}

async function changed(from: string, to: string): Promise<readonly string[]> {
  if (!yaml.includes(from)) throw new Error(`there is no ${from}`);
  return configChanges(await read(yaml), await read(yaml.replace(from, to)));
}

describe("a change of the configuration", () => {
  it("is none when the file says the same", async () => {
    expect(configChanges(await read(yaml), await read(yaml))).toEqual([]);
  });

  it("is a setting, a tenant that came, and one that went", async () => {
    expect(await changed("maxConcurrent: 2", "maxConcurrent: 3")).toEqual(["sources.erp.maxConcurrent"]);
    expect(await changed("acme:  {", "atlas: {")).toEqual(["tenants.acme", "tenants.atlas"]);
  });

  it("is another address of a source or of the catalog that is written as it stands", async () => {
    expect(await changed("h@host-a", "h@host-b")).toEqual(["catalog.url"]);
    expect(await changed('"postgres://h@host-a"', '"postgres://h@host-b"')).toEqual(["sources.erp.url"]);
  });

  it("is another source of a tenant, or of a rule of discovery", async () => {
    expect(await changed("acme:  { source: erp", "acme:  { source: lab")).toEqual(["tenants.acme.source"]);
    expect(
      await changed('- { source: erp, databases: "tenant_*"', '- { source: lab, databases: "tenant_*"'),
    ).toEqual(["discover.0.source"]);
  });

  it("is another plan of a tenant, and not what else that plan says", async () => {
    const changes = await changed("database: acme, plan: enterprise", "database: acme, plan: business");
    expect(changes).toContain("tenants.acme.planName");
    expect(changes.filter((path) => path.startsWith("tenants.acme.plan."))).toEqual([]);
  });

  it("is another order of the stores, which is that of preference", async () => {
    const [dubai = ""] = /^ {2}dubai: .*\n/m.exec(yaml) ?? [];
    const changes = configChanges(
      await read(yaml),
      await read(yaml.replace(dubai, "").replace("keys:\n", `${dubai}keys:\n`)),
    );
    expect(changes).toContain("stores");
  });

  it("is a secret that is kept elsewhere now, not where", async () => {
    expect(await changed("env:S3_SECRET", "env:S3_KEY")).toEqual(["stores.frankfurt.secretAccessKey"]);
  });

  it("is a secret that was rotated where it is kept, a key that others trust too", async () => {
    const before = await read(yaml);
    const stamp = await stampOf(before.config);
    await writeFile(join(folder.folder, "keys/signing.pub.jwk"), "another");
    const after = await read(yaml, { ...env, S3_KEY: "new" });
    const changes = configChanges(before, after);
    expect(changes).toEqual(["stores.frankfurt.accessKeyId", "keys.trusted.0.key"]);
    expect(await stampOf(after.config)).not.toBe(stamp);
  });

  it("is told whole, so that no change is overlooked among many", async () => {
    const many = Array.from(
      { length: 30 },
      (_, index) => `  t${String(index)}: { source: erp, database: x${String(index)}, plan: standard }\n`,
    );
    const changes = await changed("tenants:\n", `tenants:\n${many.join("")}`);
    expect(changes.length).toBeGreaterThanOrEqual(30);
  });
});
