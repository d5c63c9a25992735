/**
 * A backup that dies at any call to a store, before or after the call took effect, leaves nothing
 * that counts and is not whole (promises 1 and 2), and the next backup succeeds.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../../src/stores/store.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { buildHouse, type House, readAll, rows } from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let before: readonly MemoryStore[];

const table = rows(3, 1_500_000);
const changed = `${table}and one row more\n`;

beforeAll(async () => {
  house = await buildHouse();
  before = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
  await house.backUp(before, { rows: table });
  house.clock.advance(60_000);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Dies at the call of that number over all its stores: nothing reaches a store any more. */
class Life {
  readonly controller = new AbortController();
  calls = 0;
  readonly #endsAt: number;
  readonly #moment: "before" | "after";

  constructor(endsAt: number, moment: "before" | "after") {
    this.#endsAt = endsAt;
    this.#moment = moment;
  }

  async live<T>(work: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const last = this.calls === this.#endsAt;
    if (last && this.#moment === "before") this.controller.abort();
    this.controller.signal.throwIfAborted();
    try {
      return await work();
    } finally {
      if (last) this.controller.abort();
      this.controller.signal.throwIfAborted();
    }
  }
}

function mortal(store: MemoryStore, life: Life): Store {
  return {
    name: store.name,
    stat: (...args) => life.live(() => store.stat(...args)),
    read: (...args) => life.live(() => store.read(...args)),
    versions: (...args) => life.live(() => store.versions(...args)),
    clock: (...args) => life.live(() => store.clock(...args)),
    create: (...args) => life.live(() => store.create(...args)),
    async *list(...args) {
      yield* await life.live(async () => Array.fromAsync(store.list(...args)));
    },
  };
}

/** Backs up until the life ends; resolves with whether it lived to the end. */
async function backUpMortally(disks: readonly MemoryStore[], life: Life): Promise<boolean> {
  try {
    const stores = disks.map((disk) => mortal(disk, life));
    await house.backUp(stores, { rows: changed }, { order: { quorum: 2 }, wait: life.controller });
    return true;
  } catch (error) {
    if (life.controller.signal.aborted) return false;
    throw error;
  }
}

describe.for(["before", "after"] as const)("a backup killed %s any call took effect", (moment) => {
  it("leaves only records whose objects are all whole, and does not stand in the way of the next", async () => {
    let deaths = 0;
    let recordsLeft = 0;
    for (let endsAt = 1; ; endsAt += 1) {
      const disks = before.map((disk) => disk.copy());
      const life = new Life(endsAt, moment);
      const lived = await backUpMortally(disks, life);
      for (const disk of disks) expect(brokenPromises(disk), `died at call ${String(endsAt)}`).toEqual([]);
      recordsLeft += disks.reduce((sum, disk) => sum + recordsIn(disk).length - 1, 0);
      if (lived) break;
      deaths += 1;
      if (endsAt % 5 !== 0) continue;
      house.clock.advance(60_000);
      const next = await house.backUp(disks, { rows: changed });
      expect(next.state).toBe("complete");
      const copy = await house.open(disks, next.backup);
      expect((await readAll(copy, "rows")).toString()).toBe(changed);
    }
    expect(deaths).toBeGreaterThan(20);
    // The life that ended well left two; the deaths at the very records left some more.
    expect(recordsLeft).toBeGreaterThanOrEqual(2);
  });
});
