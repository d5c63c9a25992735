/** What a reload says has changed: settings by their paths, never their values. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { configChanges } from "../../src/daemon/config-changes.ts";
import { type ConfigFolder, configFolder, designYaml } from "../support/config-folder.ts";

let folder: ConfigFolder;
let before: Config;
const env = { ERP_URL: "postgres://erp", S3_KEY: "k", S3_SECRET: "s" };

beforeAll(async () => {
  folder = await configFolder(designYaml);
  before = await loadConfig(folder.path, env);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function changed(from: string, to: string): Promise<readonly string[]> {
  await using other = await configFolder(designYaml.replace(from, to));
  const after = await loadConfig(other.path, env);
  return configChanges(
    before,
    // Another folder, and nothing else.
    {
      ...after,
      path: before.path,
      state: before.state,
      plansFolder: before.plansFolder,
      scratch: before.scratch,
    },
  ).filter((path) => !/\.(path|key)$|^keys\./.test(path));
}

it("is nothing for a file that says the same", async () => {
  expect(configChanges(before, await loadConfig(folder.path, env))).toEqual([]);
});

it("names a setting, a tenant that came, and one that went", async () => {
  expect(await changed("maxConcurrent: 2", "maxConcurrent: 3")).toEqual(["sources.erp.maxConcurrent"]);
  expect(await changed("acme:  {", "atlas: {")).toEqual(["tenants.acme", "tenants.atlas"]);
});

it("names a secret that is kept elsewhere now, not where", async () => {
  const changes = await changed("env:S3_SECRET", "env:S3_KEY");
  expect(changes).toEqual(["stores.frankfurt.secretAccessKey"]);
});
