/** holdfast.yaml becomes typed settings, or every problem in it is told at once. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { sourceName, storeName, tenantId } from "../../src/model/ids.ts";
import { configFolder, designYaml, someRecipient } from "../support/config-folder.ts";

async function problemsOf(yaml: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  await using made = await configFolder(yaml, files);
  const error: unknown = await loadConfig(made.path, {}).catch((thrown: unknown) => thrown);
  if (!isFailure(error, "config/invalid")) throw error;
  expect(error.exit).toBe(2);
  return error.message
    .replaceAll(made.folder, "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

describe("an observer's configuration", () => {
  const bare = designYaml
    .replace(/  workers:[^]*?(?=  trusted:)/, "")
    .replace(/sources:[^]*?(?=tenants:)/, "");

  it("needs neither recipients nor sources, which are asked for nowhere else", async () => {
    await using made = await configFolder(bare);
    const config = await loadConfig(made.path, {}, { observer: true });
    expect(config.keys).toMatchObject({
      workers: [],
      verifiers: [],
      restorers: [],
      escrow: [],
      signing: null,
    });
    expect(config.line).toEqual({ silenceMs: 120_000, leastBytesPerSecond: 1024 });
    const acme = config.tenants.get(tenantId.parse("acme"));
    expect(acme).toMatchObject({ planName: "enterprise", stores: ["dubai", "frankfurt"] });
    await expect(acme?.source.url.reveal()).rejects.toMatchObject({ code: "config/invalid" });
    expect(config.discover[0]).toMatchObject({ planName: "standard", stores: ["dubai", "frankfurt"] });
  });

  it("is refused to everybody else", async () => {
    expect(await problemsOf(bare)).toEqual([
      "keys.verifiers: is missing",
      "keys.restorers: is missing",
      "sources: is missing",
      "tenants.acme.source: there is no source erp",
      "tenants.bravo.source: there is no source erp",
      "discover[0].source: there is no source erp",
    ]);
  });

  it.each([
    ["trusted:", "trsuted:", "keys.trusted: is missing"],
    ["plan: enterprise", "plan: nosuch", "tenants.acme.plan: there is no plan nosuch"],
    ["stores: [frankfurt]", "stores: [paris]", "tenants.bravo.stores: there is no store paris"],
    ["stores: [frankfurt]", "stores: [frankfrut]", "there is no store frankfrut; did you mean frankfurt?"],
  ])("is as strict as any other where %s is %s", async (right, wrong, problem) => {
    await using made = await configFolder(bare.replace(right, wrong));
    await expect(loadConfig(made.path, {}, { observer: true })).rejects.toMatchObject({
      code: "config/invalid",
      message: expect.stringContaining(problem),
    });
  });
});

describe("a good configuration", () => {
  it("is read as the design writes it, with paths absolute and references resolved", async () => {
    await using made = await configFolder(designYaml);
    const config = await loadConfig(made.path, {});
    expect([...config.stores.keys()]).toEqual(["dubai", "frankfurt"]);
    expect(config.stores.get(storeName.parse("dubai"))).toMatchObject({
      path: join(made.folder, "stores/dubai"),
    });
    expect(config.state).toBe(join(made.folder, "state"));
    expect(config.scratch).toEqual({
      path: join(made.folder, "state/scratch"),
      user: "holdfast-scratch",
      jobs: 2,
    });
    expect(config.limits).toEqual({
      inFlightBytes: 67_108_864,
      storeRequests: 16,
      sealWorkers: 2,
      scrubBytesPerSecond: 16_777_216,
      bandwidth: [],
    });
    const acme = config.tenants.get(tenantId.parse("acme"));
    expect(acme).toMatchObject({
      scope: { kind: "database", database: "acme" },
      stores: ["dubai", "frankfurt"],
    });
    expect(acme?.plan.retention.daily).toBe(35);
    expect(config.tenants.get(tenantId.parse("bravo"))).toMatchObject({
      scope: { kind: "schemas", database: "shared", schemas: ["bravo"] },
      stores: ["frankfurt"],
    });
    expect(config.discover[0]).toMatchObject({ databases: "tenant_*", stores: ["dubai", "frankfurt"] });
    expect(config.sources.get(sourceName.parse("erp"))?.maxConcurrent).toBe(2);
  });

  it("says where it is missing", async () => {
    await using made = await configFolder(designYaml);
    const error: unknown = await loadConfig(join(made.folder, "other.yaml"), {}).catch(
      (thrown: unknown) => thrown,
    );
    expect(isFailure(error, "config/missing")).toBe(true);
  });
});

describe("problems", () => {
  it("are told all at once, each with its path, those of shape beside those of reference", async () => {
    const found = await problemsOf(
      designYaml
        .replace("version: 1", "version: 2\ncolour: blue")
        .replace("plan: enterprise", "plan: platinum")
        .replace("stores: [frankfurt]", "stores: [paris]")
        .replace("longitude: 55.27", "longitude: 255.27")
        .replace("accessKeyId: env:S3_KEY", "accessKeyId: AKIAIOSFODNN7EXAMPLE, regoin: x")
        .replace("maxConcurrent: 2", "maxConcurrent: many")
        .replace("- { source: erp,", "- { source: crm,"),
    );
    expect(found).toEqual([
      "version: must be 1",
      "stores.dubai.location.longitude: must be at most 180",
      "stores.frankfurt.accessKeyId: must be env:NAME or file:PATH, never the secret itself",
      "stores.frankfurt.regoin: is not a known setting",
      "sources.erp.maxConcurrent: must be a number",
      "colour: is not a known setting",
      "tenants.acme.plan: there is no plan platinum",
      "tenants.bravo.stores: there is no store paris",
      "discover[0].source: there is no source crm",
    ]);
  });

  it("never repeat the secret that stands where none may", async () => {
    const found = await problemsOf(
      designYaml
        .replace("secretAccessKey: env:S3_SECRET", "secretAccessKey: canary-4711")
        .replace("url: env:ERP_URL", "url: postgres://u:canary-4711@db/x"),
    );
    expect(found).toHaveLength(2);
    expect(found.join("\n")).not.toContain("canary-4711");
  });

  it("name keys that are given twice, with their line", async () => {
    const found = await problemsOf(`${designYaml}version: 1\n`);
    expect(found).toEqual([expect.stringMatching(/^\/holdfast\.yaml: Map keys must be unique at line \d+/)]);
  });

  it("name YAML that cannot be read, and a file that is empty or no map", async () => {
    expect(await problemsOf("version: [1")).toEqual([expect.stringContaining("at line 1")]);
    expect(await problemsOf("")).toEqual(["/holdfast.yaml: is empty"]);
    expect(await problemsOf("- 1")).toContain("configuration: must be a set of settings");
  });

  it("do not let aliases blow up memory", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (const [at, before] of [
      ["b", "a"],
      ["c", "b"],
      ["d", "c"],
      ["e", "d"],
    ]) {
      bomb.push(
        `${at ?? ""}: &${at ?? ""} [${Array.from({ length: 10 }, () => `*${before ?? ""}`).join(",")}]`,
      );
    }
    expect(await problemsOf(bomb.join("\n"))).toEqual([expect.stringContaining("Excessive alias count")]);
  });

  it("include names that would make bad paths", async () => {
    const found = await problemsOf(designYaml.replace("  acme:", "  ../acme:"));
    expect(found).toEqual(["tenants.../acme: must match [a-z0-9][a-z0-9-]{0,62}"]);
  });

  it("include two stores that are one place, and two tenants that are one database", async () => {
    const found = await problemsOf(
      designYaml
        .replace(
          "keys:\n",
          "  again: { driver: directory, path: stores/dubai/, location: { jurisdiction: AE } }\nkeys:\n",
        )
        .replace(
          "discover:",
          "  acme2: { source: erp, database: acme, schemas: [a], plan: standard }\ndiscover:",
        ),
    );
    expect(found).toEqual([
      "stores.again: is the same place as stores.dubai",
      "tenants.acme2: database acme belongs to tenants.acme already",
    ]);
  });

  it("include fewer stores than the plan's quorum", async () => {
    const found = await problemsOf(
      designYaml.replace("plan: enterprise", "plan: enterprise, stores: [dubai]"),
    );
    expect(found).toEqual(["tenants.acme.stores: names 1 store, fewer than the plan's quorum of 2"]);
  });

  it("include post-quantum recipients mixed with others", async () => {
    const found = await problemsOf(designYaml.replace(`escrow: [${someRecipient}]`, "escrow: [age1pq1qqqq]"));
    expect(found).toEqual(["keys: post-quantum and X25519 recipients are mixed"]);
  });

  it("of a plan are told under the plan's name", async () => {
    const found = await problemsOf(designYaml, {
      "plans/business.yaml": "version: 1\ntitle: x\n",
      "plans/Bad Name.yaml": "version: 1\n",
    });
    expect(found).toContain("plans/business.yaml: schedules: is missing");
    expect(found).toContain("plans/business.yaml: residency: is missing");
    expect(found).toContain("plans/Bad Name.yaml: the name of a plan must match [a-z0-9][a-z0-9-]{0,62}");
  });

  it("are told even when there is no folder of plans", async () => {
    const found = await problemsOf(designYaml.replace("plans: ./plans", "plans: ./nowhere"));
    expect(found).toContain("tenants.acme.plan: there is no plan enterprise");
    expect(found[0]).toContain("plans: the folder cannot be read");
  });
});
