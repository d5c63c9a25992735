/** What a trial asks of the store, and what it makes of one that does not answer (promises 4 and 5). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { judge } from "../../src/model/check.ts";
import { type ObjectKey, objectKey } from "../../src/model/ids.ts";
import { inspectCopy } from "../../src/verify/inspect-copy.ts";
import { findMisnamed } from "../../src/verify/misnamed-chunks.ts";
import { noting } from "../../src/verify/noting-reader.ts";
import type { PlacedTrial, TryOut } from "../../src/verify/trial.ts";
import { type BackedUpHouse, backedUpHouse } from "../support/backed-up-house.ts";
import { faulty, type FaultyStore } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { never } from "../support/repository-fixture.ts";
import { allEqual, tried } from "../support/verify-desk.ts";

let here: BackedUpHouse;
let store: FaultyStore;

beforeAll(async () => {
  here = await backedUpHouse();
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
});
beforeEach(() => {
  store = faulty(here.dubai.copy());
});

const readAll: TryOut = async (image, wait) => {
  for await (const part of image.read("rows", null, wait)) part.at(0);
  return allEqual(image, wait);
};

async function triedBy(tryOut: TryOut, aheadMs = 0): Promise<PlacedTrial> {
  const clock = new ManualClock(new Date(here.house.clock.now().getTime() + aheadMs));
  return tried({ ...here, clock }, { backup: here.backup, store }, tryOut);
}

describe("a trial", () => {
  it("reads each object once, be it for the load or to see that it is whole", async () => {
    const trial = await triedBy(readAll);
    expect(judge(trial.checks)).toBe("proven");
    const read = store.calls.filter(({ operation }) => operation === "read").map(({ key }) => key);
    const ofTenant = read.filter((key) => key.startsWith("tenants/"));
    expect(ofTenant.length).toBeGreaterThan(5);
    const twice = ofTenant.filter((key, at) => ofTenant.indexOf(key) !== at);
    expect(twice).toEqual([]);
  });

  it.each(["archive", "tables", "sequences"])("that never reached %s is left open", async (name) => {
    const trial = await triedBy(async (image, wait) => {
      const { checks, notes } = await allEqual(image, wait);
      return { checks: checks.filter((check) => check.name !== name), notes };
    });
    expect(judge(trial.checks)).toBe("inconclusive");
  });

  it("of a store that does not tell its id is left open", async () => {
    store.every("read", "holdfast.json").failsWith("store/unreachable");
    const trial = await triedBy(readAll);
    expect([judge(trial.checks), trial.failure?.code, trial.storeId]).toEqual([
      "inconclusive",
      "store/unreachable",
      null,
    ]);
  });

  it("restores nothing while this host's clock and the store's are apart", async () => {
    let tries = 0;
    const counted: TryOut = (image, wait) => {
      tries += 1;
      return allEqual(image, wait);
    };
    const trial = await triedBy(counted, -365 * 86_400_000);
    expect([judge(trial.checks), trial.failure?.code, tries]).toEqual(["inconclusive", "store/clock", 0]);
  });
});

describe("an object of which a read failed", () => {
  it("is not taken to have been seen whole", async () => {
    const key = here.dubai.keys().find((one) => one.includes("/chunks/"));
    if (key === undefined) throw new Error("there is no chunk");
    const { reader, asked } = noting(store);
    store.next("read", key).failsWith("store/unreachable");
    await expect(reader.read(key, {}, never)).rejects.toMatchObject({ code: "store/unreachable" });
    expect([...asked]).toEqual([]);
    await reader.read(key, {}, never);
    expect([...asked]).toEqual([key]);
  });

  it("leaves open what lies under its name, where the store does not answer", async () => {
    const { house } = here;
    const copy = await house.open([store], here.backup);
    const openChunk = () => Promise.reject(new Failure("store/unreachable", "it does not answer"));
    await expect(findMisnamed({ ...copy, openChunk }, never)).rejects.toMatchObject({
      code: "store/unreachable",
    });
    for (const code of ["store/absent", "store/corrupt"] as const) {
      const gone = () => Promise.reject(new Failure(code, "the bytes are not there"));
      expect(await findMisnamed({ ...copy, openChunk: gone }, never)).toEqual([]);
    }
  });
});

describe("a copy that lacks more objects than a proof can name", () => {
  it("is refuted for each of them, and names the first 20,000", async () => {
    const keys = Array.from({ length: 20_002 }, (_, at): ObjectKey =>
      objectKey.parse(`tenants/acme/chunks/1/00/${String(at).padStart(64, "0")}-${"0".repeat(64)}`),
    );
    const lines = new Map(keys.map((key) => [key, { key, bytes: 1, sha256: "0".repeat(64) }]));
    const { check, damaged } = await inspectCopy(
      { store: memoryStore("empty"), inventory: lines, seenWhole: new Set(), seenDamaged: [] },
      never,
    );
    expect(check).toMatchObject({ outcome: "failed", compared: keys.length });
    expect(check.detail).toContain("20002 differences");
    expect(damaged).toEqual(keys.slice(0, 20_000));
  });
});
