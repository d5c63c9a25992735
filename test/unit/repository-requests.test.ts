/** How often a backup asks a store: what a small tenant costs where a store is far away. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyStore, faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { buildHouse, type House, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: FaultyStore;
let frankfurt: FaultyStore;

beforeAll(async () => {
  house = await buildHouse();
});

afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

beforeEach(() => {
  dubai = faulty(memoryStore("dubai", house.clock));
  frankfurt = faulty(memoryStore("frankfurt", house.clock));
});

/** Requests of one backup to each store, those that write chunks left out. */
async function asked(seed: number): Promise<readonly number[]> {
  const before = [dubai.calls.length, frankfurt.calls.length];
  await house.backUp([dubai, frankfurt], { rows: rows(seed, 50_000) });
  house.clock.advance(60_000);
  return [dubai, frankfurt].map(
    ({ calls }, store) =>
      calls
        .slice(before[store])
        .filter(({ operation, key }) => !(operation === "create" && key.includes("/chunks/"))).length,
  );
}

describe("a backup of a small tenant", () => {
  it("asks no store more than twelve times when it is the first, but for three reads where keys are born", async () => {
    // What was born is read back from the store itself: not every store can create only.
    expect(await asked(1)).toEqual([15, 10]);
  });

  it("asks no store more than twelve times when there is one before", async () => {
    await asked(1);
    expect(await asked(2)).toEqual([12, 11]);
  });

  it("reads each record that was made since, and the inventories of no more than three", async () => {
    for (const seed of [1, 2, 3]) await asked(seed);
    expect(await asked(4)).toEqual([16, 13]);
  });
});
