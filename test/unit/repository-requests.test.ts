/** How often a backup asks a store: what a small tenant costs where a store is far away. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { objectKey } from "../../src/model/ids.ts";
import { readRecord } from "../../src/repository/records.ts";
import { type FaultyStore, faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { buildHouse, type House, never, rows } from "../support/repository-fixture.ts";

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
  it("asks no store more than twelve times when it is the first, nor the one where keys are born", async () => {
    // Three of them read back what was born, from the store itself: not every store can create only. The time that the keys
    // are dated with is another store's.
    expect(await asked(1)).toEqual([12, 10]);
  });

  it("asks no store more than twelve times however many there were before", async () => {
    for (const seed of [1, 2, 3, 4]) await asked(seed);
    expect(await asked(5)).toEqual([12, 11]);
  });

  it("looks past a newest record that is forged", async () => {
    const made = await house.backUp([dubai, frankfurt], { rows: rows(1, 50_000) });
    house.clock.advance(60_000);
    const forged = objectKey.parse("tenants/acme/backups/20991231T235959Z-aaaaaa/record.jws");
    await dubai.create(forged, Buffer.from("no signature"), {}, never);
    const again = await house.backUp([dubai, frankfurt], { rows: rows(1, 50_000) });
    expect(again.reusedBytes).toBeGreaterThan(0);
    const newest = await readRecord({ tenant: house.tenant, backup: again.backup }, dubai, house, never);
    expect(newest?.record).toMatchObject({ counter: 2, previous: { backup: made.backup } });
  });
});
