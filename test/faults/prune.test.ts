/** A prune removes what nothing needs, in two steps, and nothing else, whatever goes wrong around it (promises 1 and 6; traps 26, 27, 28). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BackupId } from "../../src/model/ids.ts";
import { parseChunkKey } from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, never, rows } from "../support/repository-fixture.ts";
import { daysOfBackups, pass, pruneNow } from "../support/retention-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let made: BackupId[];
let grown: { readonly dubai: MemoryStore; readonly frankfurt: MemoryStore };
let startedAt: Date;

beforeAll(async () => {
  house = await buildHouse();
  const stores = await described(
    house,
    memoryStore("dubai", house.clock),
    memoryStore("frankfurt", house.clock),
  );
  made = await daysOfBackups(
    house,
    stores,
    [1, 2, 3, 4, 5].map((day) => ({ fixed: rows(99, 300_000), moving: rows(day, 200_000) })),
  );
  const [one, two] = stores;
  if (one === undefined || two === undefined) throw new Error("two stores were made");
  grown = { dubai: one, frankfurt: two };
  startedAt = house.clock.now();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  house.clock.advance(startedAt.getTime() - house.clock.now().getTime());
  dubai = grown.dubai.copy();
  frankfurt = grown.frankfurt.copy();
});

function chunksIn(store: MemoryStore): string[] {
  return store.keys().filter((key) => parseChunkKey(key) !== null);
}

function broken(): string[] {
  return [...brokenPromises(dubai), ...brokenPromises(frankfurt)];
}

describe("a prune", () => {
  it("takes the records away at once and the objects after the grace time, of what nothing else names", async () => {
    const before = chunksIn(dubai).length;
    const first = await pruneNow(house, [dubai, frankfurt]);
    expect(first).toMatchObject({ state: "pruned", backups: 5, freed: { objects: 0 } });
    expect(first.removed.map(({ backup }) => backup)).toEqual(made.slice(0, 3).toReversed());
    expect(recordsIn(dubai)).toEqual(made.slice(3));
    expect(chunksIn(dubai)).toHaveLength(before);
    expect(first.condemned.objects).toBeGreaterThan(6);

    pass(house.clock, graceMs - 1000);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({
      freed: { objects: 0 },
      condemned: { objects: 0 },
      waiting: first.condemned.objects / 2,
    });

    pass(house.clock, 1000);
    const last = await pruneNow(house, [dubai, frankfurt]);
    expect(last.freed).toEqual(first.condemned);
    expect(chunksIn(dubai).length).toBeLessThan(before);
    expect(chunksIn(dubai)).toEqual(chunksIn(frankfurt));
    for (const backup of made.slice(0, 3)) {
      expect(dubai.keys().filter((key) => key.includes(backup))).toEqual([]);
    }
    expect(broken()).toEqual([]);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({
      removed: [],
      condemned: { objects: 0 },
      freed: { objects: 0 },
      waiting: 0,
    });
    for (const backup of made.slice(3)) await house.open([dubai], backup);
  });

  it("leaves a chain without gaps to whoever reads it afterwards", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    const states = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    expect(states.gaps).toEqual([]);
    expect(states.notes).toEqual([]);
    expect(states.backups.map(({ backup }) => backup)).toEqual(made.slice(3).toReversed());
  });

  it("writes nothing at all when it is dry, and tells what it would have done", async () => {
    const before = [dubai.keys(), frankfurt.keys()];
    const dry = await pruneNow(house, [dubai, frankfurt], { isDry: true });
    expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
    const wet = await pruneNow(house, [dubai, frankfurt]);
    expect(dry).toEqual(wet);
  });
});
