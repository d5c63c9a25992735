/** Objects of a backup are locked as the plan asks, keys never; a lock that would run out is not relied on (trap 28). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { objectKey } from "../../src/model/ids.ts";
import type { Shelf } from "../../src/repository/shelves.ts";
import { buildHouse, type House, marked, never, rows } from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const day = 86_400_000;
const table = rows(21, 1_000_000);

function locking(store: MemoryStore): { readonly order: { readonly shelves: readonly Shelf[] } } {
  return { order: { shelves: [{ store: marked(store), lock: { mode: "governance", keepMs: 10 * day } }] } };
}

/** The keys that the store lets nobody remove now. */
async function lockedIn(store: MemoryStore): Promise<string[]> {
  const locked: string[] = [];
  const twin = store.copy();
  for (const key of store.keys()) {
    await twin.remove(objectKey.parse(key), null, never).catch(() => locked.push(key));
  }
  return locked;
}

describe("a store that locks", () => {
  it("locks chunks and documents for the plan's time, and no key of the tenant", async () => {
    const store = memoryStore("frankfurt", house.clock);
    await house.backUp([store], { rows: table }, locking(store));
    const all = store.keys();
    expect(await lockedIn(store)).toEqual(all.filter((key) => !key.includes("/keys/")));
    expect(all.some((key) => key.includes("/keys/"))).toBe(true);
    house.clock.advance(11 * day);
    expect((await lockedIn(store)).every((key) => key.includes("/chunks/"))).toBe(true);
  });

  it("has chunks reused while enough of their lock is left, and written anew after", async () => {
    const store = memoryStore("frankfurt", house.clock);
    const first = await house.backUp([store], { rows: table }, locking(store));
    house.clock.advance(4 * day);
    const second = await house.backUp([store], { rows: table }, locking(store));
    expect(second.reusedBytes).toBeGreaterThan(first.uploadedBytes / 2);
    house.clock.advance(4 * day);
    const third = await house.backUp([store], { rows: table }, locking(store));
    expect(third.reusedBytes).toBe(0);
    house.clock.advance(10 * day - 1);
    const stillLocked = await lockedIn(store);
    const copy = await house.open([store], third.backup);
    expect(
      [...copy.inventory.keys()].filter((key) => key.includes("/chunks/") && !stillLocked.includes(key)),
    ).toEqual([]);
  });
});
