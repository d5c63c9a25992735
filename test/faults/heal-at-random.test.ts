/** Whatever happens to three stores, as long as each object is whole in one of them: scrub, heal and replicate bring all of them back (promise 1, traps 22, 23). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantStates } from "../../src/repository/states.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healIn, replicateAll, scrubIn } from "../support/replication-fixture.ts";
import { buildHouse, type House, never, rows } from "../support/repository-fixture.ts";

let house: House;
/** As three backups left them. */
let whole: readonly MemoryStore[];

beforeAll(async () => {
  house = await buildHouse();
  whole = ["dubai", "frankfurt", "sydney"].map((name) => memoryStore(name, house.clock));
  for (const extra of [0, 200_000, 400_000]) {
    await house.backUp(whole, { rows: rows(51, 300_000 + extra) });
    house.clock.advance(60_000);
  }
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Numbers from 0 to below `below`, of a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const harms: readonly ((store: MemoryStore, key: string) => void)[] = [
  (store, key) => store.lose(key),
  (store, key) => store.overwrite(key, Buffer.from("garbage")),
  (store, key) => store.overwrite(key, Buffer.alloc(store.bodyOf(key).length, 5)),
  (store, key) => store.overwrite(key, Buffer.concat([store.bodyOf(key), Buffer.from("more")])),
];

/** Of each object at most two copies come to harm. */
function harmed(stores: readonly MemoryStore[], roll: (below: number) => number): void {
  for (const key of stores[0]?.keys() ?? []) {
    const spared = roll(stores.length);
    for (const [at, store] of stores.entries()) {
      if (at !== spared && roll(4) === 0) harms[roll(harms.length)]?.(store, key);
    }
  }
}

async function scrubEach(stores: readonly MemoryStore[]): Promise<number> {
  let bad = 0;
  for (const store of stores) {
    const { damaged, missing } = await scrubIn(house, store.name, stores);
    bad += damaged + missing;
    house.clock.advance(2000);
  }
  return bad;
}

it.each(Array.from({ length: 16 }, (_, at) => 7001 + at))("seed %i", async (seed) => {
  const stores = whole.map((store) => store.copy());
  harmed(stores, dice(seed));
  expect(await scrubEach(stores)).toBeGreaterThan(0);
  await replicateAll(house, stores);
  for (const { name } of stores) {
    const report = await healIn(house, name, stores);
    expect(report.unhealed).toEqual([]);
    house.clock.advance(2000);
  }
  await replicateAll(house, stores);
  for (const [at, store] of stores.entries()) {
    expect(brokenPromises(store)).toEqual([]);
    for (const key of whole[at]?.keys() ?? [])
      expect(store.bodyOf(key).equals(whole[at]?.bodyOf(key) ?? Buffer.alloc(0))).toBe(true);
  }
  expect(await scrubEach(stores)).toBe(0);
  const { backups } = await tenantStates(house.tenant, house.library(stores), never);
  const states = backups.flatMap(({ copies }) => Array.from(copies.values(), ({ state }) => state));
  expect(states).toEqual(Array.from({ length: 9 }, () => "present"));
});
