/**
 * The real verbs over stores whose calls a seed puts in order, with a clock that runs on between them and
 * runs that die: no record in any store ever names a missing object (promise 1; traps 22, 26, 27).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { Schedule, seeded } from "../support/interleaved.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { replicateAll } from "../support/replication-fixture.ts";
import { buildHouse, described, type House, rows } from "../support/repository-fixture.ts";
import { daysOfBackups, hourMs, prove, pruneNow } from "../support/retention-fixture.ts";

const seeds = [1, 2, 3, 4];
const stepsMax = 800;
/** Calls that are let go before the clock or another run may come between. */
const callsAtOnce = 3;
const terms = {
  places: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: "UTC",
  everyCopyWithinMs: hourMs,
};

let house: House;
let grown: readonly MemoryStore[];
let startedAt: number;

beforeAll(async () => {
  house = await buildHouse();
  grown = await described(house, memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock));
  await daysOfBackups(house, grown, [streams(1, 2), streams(2, 3)]);
  startedAt = house.clock.now().getTime();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Of few contents, so that later backups find what earlier ones left. */
function streams(...of: readonly number[]): Record<string, string> {
  return Object.fromEntries(of.map((seed) => [`rows-${String(seed)}`, rows(seed, 20_000)]));
}

interface Run {
  readonly name: string;
  isOver: boolean;
}

interface Tally {
  backups: number;
  freed: number;
  copied: number;
  refused: number;
}

const tally: Tally = { backups: 0, freed: 0, copied: 0, refused: 0 };

describe("backups, prunes and replicates at once", () => {
  it.each(seeds)("lose nothing that a record names, with seed %i", async (seed) => {
    house.clock.advance(startedAt - house.clock.now().getTime());
    const stores = grown.map((store) => store.copy());
    const chance = seeded(seed);
    const schedule = new Schedule(chance);
    const runs = new Set<Run>();
    for (let step = 0; step < stepsMax; step += 1) {
      for (const run of runs) if (run.isOver) runs.delete(run);
      await schedule.settles(() => [...runs].filter(({ isOver }) => !isOver).map(({ name }) => name));
      const drawn = chance();
      if (runs.size < 2 || (runs.size < 4 && drawn < 0.03)) {
        runs.add(start(`run-${String(step)}`, chance, schedule, stores));
      } else if (drawn < 0.034) {
        const victim = [...runs][Math.floor(chance() * runs.size)];
        if (victim === undefined) continue;
        schedule.crash(victim.name);
        runs.delete(victim);
      } else if (drawn < 0.052) {
        house.clock.advance(([0.2, 1, 4, 11, 25][Math.floor(chance() * 5)] ?? 0) * hourMs);
      } else for (let call = 0; call < callsAtOnce; call += 1) schedule.step();
    }
    expect(stores.flatMap(brokenPromises)).toEqual([]);
    expect(stores.every((store) => recordsIn(store).length > 0)).toBe(true);
  });

  it("did something between them", () => {
    expect(tally.backups).toBeGreaterThan(0);
    expect(tally.freed).toBeGreaterThan(0);
  });
});

function start(name: string, chance: () => number, schedule: Schedule, stores: readonly MemoryStore[]): Run {
  const seen = stores.map((store) => schedule.through(store, name));
  const run: Run = { name, isOver: false };
  void verb(chance, seen, stores)
    .catch((error: unknown) => {
      // To be overtaken, or late, is the price of safety; anything else is a mistake.
      if (!isFailure(error)) throw error;
      tally.refused += 1;
    })
    .finally(() => {
      run.isOver = true;
    });
  return run;
}

async function verb(
  chance: () => number,
  seen: readonly WholeStore[],
  stores: readonly MemoryStore[],
): Promise<void> {
  const drawn = chance();
  if (drawn < 0.45) {
    // Now and then a store is down for it, and the backup is one copy short.
    const places = chance() < 0.8 ? seen : seen.slice(0, 1);
    const { backup } = await house.backUp(places, streams(1 + Math.floor(chance() * 4), 2));
    tally.backups += 1;
    for (const store of stores)
      if (recordsIn(store).includes(backup)) await prove(house, stores, store, backup);
  } else if (drawn < 0.8) {
    const { freed } = await pruneNow(house, seen, { terms });
    tally.freed += freed.objects;
  } else {
    const { copies } = await replicateAll(house, seen);
    tally.copied += copies.filter(({ result }) => result === "copied").length;
  }
}
