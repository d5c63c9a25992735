/** What is no store of ours, or the same store twice, never counts as a copy (promises 1 and 2). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { descriptorKey } from "../../src/model/layout.ts";
import type { Shelf } from "../../src/repository/shelves.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, rows } from "../support/repository-fixture.ts";

let house: House;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** As the stores are, with nothing added by the fixture. */
function bare(stores: readonly MemoryStore[]): readonly Shelf[] {
  return stores.map((store) => ({ store, lock: null }));
}

async function backUp(stores: readonly MemoryStore[], quorum: number): ReturnType<House["backUp"]> {
  const shelves = bare(stores);
  const made = await house.backUp(stores, { rows: rows(3, 400_000) }, { order: { shelves, quorum } });
  house.clock.advance(60_000);
  return made;
}

describe("an empty folder where a volume was to be mounted", () => {
  it("is given nothing, is told with what to do, and counts for no quorum", async () => {
    const [one] = await described(house, memoryStore("one", house.clock));
    if (one === undefined) throw new Error("there is a store");
    const two = memoryStore("two", house.clock);
    const made = await backUp([one, two], 1);
    expect(made.state).toBe("degraded");
    expect(two.keys()).toEqual([]);
    expect(house.failures.at(-1)).toMatchObject({
      store: "two",
      failure: {
        code: "store/unsuitable",
        message: "two holds no holdfast.json, so nothing is written to it",
        hint: "is its volume mounted? `holdfast stores check two` marks a new store",
      },
    });
    await expect(backUp([one, two], 2)).rejects.toMatchObject({ code: "store/quorum" });
    expect(two.keys()).toEqual([]);
  });
});

describe("two names for one place", () => {
  it("are one copy: the later name is out", async () => {
    const [one] = await described(house, memoryStore("one", house.clock));
    if (one === undefined) throw new Error("there is a store");
    const two = memoryStore("two", house.clock);
    two.overwrite(descriptorKey, one.bodyOf(descriptorKey));
    const made = await backUp([one, two], 1);
    expect([...made.copies].map(([store, failure]) => [store, failure?.message])).toEqual([
      ["one", undefined],
      ["two", "two is the same place as one: both have one store id"],
    ]);
    await expect(backUp([one, two], 2)).rejects.toMatchObject({ code: "store/quorum" });
  });
});
