/** The page that tells how to restore without Holdfast is true: its own blocks, run as they stand, bring a tenant back whole. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import { cornerCases } from "../corner/corner-cases.ts";
import { damage } from "../support/damage.ts";
import { holdfastJson } from "../support/holdfast-program.ts";
import { differences } from "../support/independent-comparison.ts";
import { placeOf } from "../support/independent-place.ts";
import { startTestServer, urlOf } from "../support/postgres-server.ts";
import { restoreByHand } from "../support/restore-by-hand.ts";
import { objectsOf } from "../support/store-objects.ts";

const tenants = ["columns", "derived", "large-objects", "database", "checks-across-tables", "names"];

describe("the page about restoring by hand", () => {
  let source: PrivateServer;
  let target: PrivateServer;
  let home: string;

  beforeAll(async () => {
    [source, target] = await Promise.all([
      startTestServer(cornerServerSettings),
      startTestServer(cornerServerSettings),
    ]);
    home = await mkdtemp(join(tmpdir(), "holdfast-by-hand-"));
    for (const name of tenants) {
      const corner = cornerCases.find((one) => one.name === name);
      if (corner === undefined) throw new Error(`there is no corner case ${name}`);
      await buildCornerCase(source, corner);
    }
    const environment = { HOLDFAST_SOURCE_URL: urlOf(source, "postgres") };
    await holdfastJson(["init", home, ...tenants.flatMap((name) => ["--tenant", name])], environment);
    await holdfastJson(["--config", join(home, "holdfast.yaml"), "backup", "--all"], environment);
  });

  afterAll(async () => {
    await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
    await rm(home, { recursive: true, force: true });
  });

  async function runPage(tenant: string, into: string): Promise<string> {
    const identity = join(home, "keys", "host.agekey");
    return restoreByHand({ store: join(home, "stores", "one"), tenant, identity, target, into });
  }

  it.for(tenants)("brings back %s", async (tenant) => {
    const said = await runPage(tenant, tenant);
    expect(said).toMatch(new RegExp(`restored ${tenant} `));
    expect(await differences(placeOf(source, tenant), placeOf(target, tenant))).toEqual([]);
  });

  it("stops at a copy that is not whole", async () => {
    const store = join(home, "stores", "one");
    const [chunk = ""] = objectsOf(store, "columns", "chunk");
    using _damaged = damage(store, chunk, { kind: "flipped", where: "body" });
    await expect(runPage("columns", "columns_again")).rejects.toThrow("did NOT match");
  });
});
