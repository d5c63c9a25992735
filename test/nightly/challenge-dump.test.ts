/**
 * The named damages of dump and load are what they say: each alters what is measured, the forged snapshot alters
 * nothing by itself, and of each sort one is followed through a whole trial. All of them are in the test of the whole challenge.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataDamages, rewritable } from "../../src/challenge/dump/data-damages.ts";
import { loadDamages } from "../../src/challenge/dump/load-damages.ts";
import { rewritten } from "../../src/challenge/dump/rewritten.ts";
import { schemaDamages } from "../../src/challenge/dump/schema-damages.ts";
import { challengedTenant } from "../../src/challenge/tenant.ts";
import type { DumpDamage } from "../../src/challenge/damage.ts";
import { buildCornerCase } from "../corner/build-corner-case.ts";
import { cornerCases } from "../corner/corner-cases.ts";
import { hasOwnExtension } from "../corner/own-extension.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { CheckResult } from "../../src/model/check.ts";
import {
  cloneSample,
  forgedImage,
  makeSample,
  measured,
  runSql,
  tried,
  type MeasuredTenant,
} from "../support/challenged.ts";
import { openReadings } from "../support/readings-after.ts";
import { troubles } from "../support/round-trip.ts";
import { startTestServer, testBinFolder } from "../support/postgres-server.ts";

const database = "challenged";
let server: PrivateServer;
let tenant: MeasuredTenant;

beforeAll(async () => {
  server = await startTestServer();
  await makeSample(server, challengedTenant, "pristine");
  await cloneSample(server, challengedTenant, "pristine", database);
  tenant = await measured(server, database);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const whole: DumpDamage = {
  name: "nothing",
  title: "nothing is wrong",
  family: "data",
  expected: "refuted",
  seenBy: [],
  statements: [],
  archive: "clone",
};

/** A trial of a clone that was altered by these statements and swears to be the original. */
async function triedAfter(damage: DumpDamage): ReturnType<typeof tried> {
  await runSql(server, "postgres", [`drop database ${database} with (force)`]);
  await cloneSample(server, challengedTenant, "pristine", database);
  await runSql(server, database, damage.statements);
  return tried(await forgedImage(server, database, damage, tenant.original));
}

const failedOf = (checks: readonly CheckResult[]): string[] =>
  checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);

const named = (name: string): DumpDamage => {
  const damage = [...dataDamages, ...schemaDamages].find((one) => one.name === name);
  if (damage === undefined) throw new Error(`no damage is called ${name}`);
  return damage;
};

describe("the damages", () => {
  it("are told apart by their names, of which there are more than a hundred", () => {
    const names = [...dataDamages, ...schemaDamages, ...loadDamages].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });

  it("each alter what is measured", async () => {
    await using readings = await openReadings(server, database);
    expect(await readings.isAlteredBy([], "rows")).toBe(false);
    const unseen: string[] = [];
    for (const damage of [...dataDamages, ...schemaDamages, ...loadDamages]) {
      const statements = "altered" in damage ? damage.altered : damage.statements;
      const first = damage.family === "data" ? "rows" : "catalogs";
      if (!(await readings.isAlteredBy(statements, first))) unseen.push(damage.name);
    }
    expect(unseen).toEqual([]);
    // Else the later ones would have been seen whatever they do.
    expect(await readings.isAlteredBy([], "rows")).toBe(false);
  });
});

describe("a forged snapshot", () => {
  it("of a clone in which nothing is wrong is proven, though rows of every sort were written anew", async () => {
    const statements = rewritable.flatMap((table) => rewritten(table));
    const { verdict, checks } = await triedAfter({ ...whole, statements });
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
  });

  it.each([
    ["byte-changed", ["tables"]],
    ["large-object-owner", ["large-objects"]],
    ["policy-expression", ["objects"]],
    ["policy-of-two-alike", ["objects"]],
    ["view-goes-on", ["objects"]],
    ["matview-goes-on", ["objects"]],
    ["partition-default", ["objects"]],
    ["partition-check", ["constraints"]],
    ["check-changed", ["constraints"]],
    ["archive-lost-an-index", ["archive", "objects"]],
  ])("that lacks something or lies is refuted: %s", async (name, checks) => {
    const trial = await triedAfter(named(name));
    expect({ verdict: trial.verdict, checks: failedOf(trial.checks) }).toEqual({
      verdict: "refuted",
      checks,
    });
  });
});

describe("a load that went wrong", () => {
  it.each([["matview-stale", ["matviews"]]])("is refuted: %s", async (name, checks) => {
    const damage = loadDamages.find((one) => one.name === name);
    const trial = await tried(tenant.image, damage?.altered);
    expect({ verdict: trial.verdict, checks: failedOf(trial.checks) }).toEqual({
      verdict: "refuted",
      checks,
    });
  });

  it("is refuted without a word of the passwords that differ, nor a digest of them (trap 34)", async () => {
    const damage = loadDamages.find((one) => one.name === "user-mapping-in-load");
    const { checks } = await tried(tenant.image, damage?.altered);
    expect(failedOf(checks)).toEqual(["objects", "twin"]);
    const told = JSON.stringify(checks.map(({ detail, findings }) => ({ detail, findings })));
    expect(told).not.toMatch(/'(?:other|secret|reader)'|[0-9a-f]{32}/);
  });
});

describe("an extension's configuration table", () => {
  it("whose row was lost in the dump is found", async (context) => {
    if (!hasOwnExtension(testBinFolder()))
      context.skip("the server's folder of extensions cannot be written to");
    const corner = cornerCases.find(({ ownExtension }) => ownExtension);
    if (corner === undefined) throw new Error("no corner case has an extension of its own");
    const configured = await buildCornerCase(server, corner, "configured");
    const { original } = await measured(server, configured);
    await runSql(server, configured, ["delete from corner_ext.whole where v = 'by us'"]);
    const { verdict, checks } = await tried(await forgedImage(server, configured, whole, original));
    expect({ verdict, checks: failedOf(checks) }).toEqual({ verdict: "refuted", checks: ["tables"] });
  });
});

describe("a backup from before definitions were measured", () => {
  it("is proven, and its proof says what was not compared", async () => {
    const { definitions: _, ...fingerprint } = tenant.original.fingerprint;
    const { verdict, checks } = await tried({ ...tenant.image, fingerprint });
    expect(verdict).toBe("proven");
    const told = checks.filter(({ name }) => name === "objects" || name === "constraints");
    expect(told.map(({ detail }) => detail)).toEqual(
      [1, 2].map(() => expect.stringContaining("definitions are not compared")),
    );
  });
});
