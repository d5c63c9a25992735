/** What a prune asks of a store grows with what it keeps, and with no more than it must: a tenant has backups of years. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRecordKey } from "../../src/model/layout.ts";
import { around } from "../../src/stores/around.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { objectKey } from "../../src/model/ids.ts";
import { memoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, rows } from "../support/repository-fixture.ts";
import { daysOfBackups, pruneNow } from "../support/retention-fixture.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

/** Adds to `read` the key of every object that is read. */
function watched(store: WholeStore, read: string[]): WholeStore {
  return around(store, {
    run: async ({ operation, key }, work) => {
      if (operation === "read") read.push(key);
      return work();
    },
    list: (prefix, wait, after) => store.list(prefix, wait, after),
  });
}

describe("a prune", () => {
  it("reads each record once in each store, whether it goes or stays", async () => {
    const stores = await described(
      house,
      memoryStore("dubai", house.clock),
      memoryStore("frankfurt", house.clock),
    );
    const made = await daysOfBackups(
      house,
      stores,
      [1, 2, 3, 4].map((day) => ({ moving: rows(day, 1000) })),
    );
    for (const store of stores) {
      const read: string[] = [];
      const others = stores.filter(({ name }) => name !== store.name);
      const report = await pruneNow(house, [watched(store, read), ...others], { isDry: true });
      expect(report.removed).toHaveLength(2);
      const records = read.flatMap((key) => parseRecordKey(objectKey.parse(key))?.backup ?? []);
      expect(records.toSorted()).toEqual(made.toSorted());
    }
  });
});
