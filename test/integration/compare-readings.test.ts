/**
 * A copy that is whole is never refuted because this release reads the catalogs otherwise than the one that made the
 * backup (promises 4 and 5), and one that is not whole is not excused by it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import type { Fingerprint, Readings } from "../../src/model/fingerprint.ts";
import type { Restored } from "../../src/postgres/compare/restored.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, troubles } from "../support/round-trip.ts";

let scratch: PrivateServer;
let image: Image;
let readings: Readings;

beforeAll(async () => {
  await using source = await startTestServer();
  await createDatabase(source, "read");
  await psql(
    source,
    "read",
    `create role keeper connection limit 5; create extension pg_trgm; create table t (k int primary key check (k > 0));
     insert into t values (1); alter table t owner to keeper; create view v as select k from t; create sequence s`,
  );
  image = memoryImage(await backupOf(source, "read"));
  if (image.fingerprint.readings === undefined) throw new Error("a backup does not say how it was read");
  ({ readings } = image.fingerprint);
  scratch = await startScratch();
  await loadInto(scratch, image);
  await loadInto(scratch, image, { destination: { database: "twin" }, options: { content: "structure" } });
});

afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

/** The copy, which is whole, held against a fingerprint that says otherwise. */
async function held(change: Partial<Fingerprint>): Promise<{ verdict: string; checks: CheckResult[] }> {
  const restored: Restored = {
    side: "scratch",
    admin: { ...scratch.address, database: "restored" },
    twin: () => Promise.resolve({ ...scratch.address, database: "twin" }),
  };
  const told = { ...image, fingerprint: { ...image.fingerprint, ...change } };
  const checks = await compareIn(restored, told, scratch.binFolder, { indexes: false });
  return { verdict: judge([passed("copy", 1, ""), ...checks]), checks };
}

function namesOf(checks: readonly CheckResult[], wanted: CheckResult["outcome"]): string[] {
  return checks.filter(({ outcome }) => outcome === wanted).map(({ name }) => name);
}

const resting = ["objects", "constraints", "settings", "grants", "extensions"];

/** What an older release might have read of the very same database. */
function readOtherwise({ census, definitions, roles, database, extensions, schema }: Fingerprint) {
  const noText = { bytes: 1, sha256: "0".repeat(64) };
  return {
    census: census.map((one) => ({ kind: one.kind, count: one.count + 1, sha256: "0".repeat(64) })),
    definitions: (definitions ?? []).map((one) => ({ ...one, text: `${one.text} as it was read once` })),
    roles: roles.map((one) => ({ ...one, attributes: { ...one.attributes, connectionLimit: 77 } })),
    database: { ...database, comment: "none", settings: [{ role: null, name: "jit", value: "OFF" }] },
    extensions: extensions.map((one) => ({ ...one, version: `${one.version}.0` })),
    schema: { ...schema, text: noText },
  };
}

function unlike(names: readonly (keyof Readings)[]): Readings {
  return { ...readings, ...Object.fromEntries(names.map((name) => [name, "0".repeat(64)])) };
}

const all = ["census", "definitions", "roles", "database", "extensions", "archiveText"] as const;

describe("a backup that was read by another release", () => {
  it.each([
    ["says so", () => unlike(all)],
    ["does not say how", () => undefined],
  ])("and %s is proven, with what was not compared by name", async (_, told) => {
    const changed = { ...readOtherwise(image.fingerprint), readings: told() };
    const { verdict, checks } = await held(changed);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    expect(namesOf(checks, "not-run")).toEqual(expect.arrayContaining(resting));
    for (const { name, detail } of checks.filter((one) => resting.includes(one.name)))
      expect(`${name}: ${detail}`).toMatch(/another release of Holdfast/);
    const compared = ["archive", "tables", "sequences", "twin"];
    expect(namesOf(checks, "passed")).toEqual(expect.arrayContaining(compared));
  });

  it("is refuted all the same by what its readings do not answer for", async () => {
    const sequences = image.fingerprint.sequences.map((one) => ({ ...one, lastValue: "77" }));
    const { verdict, checks } = await held({ readings: unlike(all), sequences });
    expect({ verdict, failed: namesOf(checks, "failed") }).toEqual({
      verdict: "refuted",
      failed: ["sequences"],
    });
  });
});

describe("one reading that is another", () => {
  const parts = (): Required<ReturnType<typeof readOtherwise>> => readOtherwise(image.fingerprint);

  it("excuses no definition by the census", async () => {
    const { verdict, checks } = await held({
      readings: unlike(["census"]),
      census: parts().census,
      definitions: parts().definitions,
    });
    expect(verdict).toBe("refuted");
    expect(namesOf(checks, "failed")).toEqual(expect.arrayContaining(["objects", "constraints"]));
  });

  it("excuses no census by the definitions, which are told as not compared", async () => {
    const { definitions, census } = parts();
    const whole = await held({ readings: unlike(["definitions"]), definitions });
    expect({ verdict: whole.verdict, troubles: troubles(whole.checks) }).toEqual({
      verdict: "proven",
      troubles: [],
    });
    expect(whole.checks.find(({ name }) => name === "objects")).toMatchObject({
      outcome: "not-run",
      because: "irrelevant",
      detail: expect.stringMatching(/objects are equal; .* its definitions are not compared/),
    });
    const { verdict } = await held({ readings: unlike(["definitions"]), definitions, census });
    expect(verdict).toBe("refuted");
  });
});

describe("a backup that was read as this release reads", () => {
  it("is refuted by every part that differs", async () => {
    const { verdict, checks } = await held(readOtherwise(image.fingerprint));
    expect(verdict).toBe("refuted");
    expect(namesOf(checks, "failed")).toEqual(["archive", ...resting]);
  });
});
