/** A backup made of streams by hand comes back byte for byte from any store, and a second one reuses what did not change. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantStates } from "../../src/repository/states.ts";
import { parseChunkKey } from "../../src/model/layout.ts";
import { buildHouse, described, type House, never, readAll, rows } from "../support/repository-fixture.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const table = rows(1, 3_000_000);

describe("a backup", () => {
  it("holds the same bytes in every store and comes back whole from each", async () => {
    const [dubai, frankfurt] = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
    const made = await house.backUp([dubai, frankfurt], { "rows-1": table, "rows-2": "a\tb\n", empty: "" });
    expect(made.state).toBe("complete");
    expect(made.plainBytes).toBe(table.length + 4);
    expect(dubai.keys()).toEqual(frankfurt.keys());
    for (const key of dubai.keys()) expect(dubai.bodyOf(key).equals(frankfurt.bodyOf(key))).toBe(true);
    for (const store of [dubai, frankfurt]) {
      const copy = await house.open([store], made.backup);
      expect((await readAll(copy, "rows-1")).toString()).toBe(table);
      expect((await readAll(copy, "rows-2")).toString()).toBe("a\tb\n");
      expect((await readAll(copy, "empty")).length).toBe(0);
      expect(copy.from()).toEqual([store.name]);
      expect(copy.damage()).toEqual([]);
    }
  });

  it("gives any range of a stream", async () => {
    const store = memoryStore("dubai", house.clock);
    const made = await house.backUp([store], { rows: table });
    const copy = await house.open([store], made.backup);
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [1_000_000, 2_500_000],
      [table.length - 3, table.length],
    ] as const) {
      // A part may be gone once the next is asked for.
      const parts = Array.fromAsync(copy.image.read("rows", { from, to }, never), (part) =>
        Buffer.from(part),
      );
      const read = Buffer.concat(await parts);
      expect(read.toString()).toBe(table.slice(from, to));
    }
    const beyond = copy.image.read("rows", { from: 0, to: table.length + 1 }, never);
    await expect(Array.fromAsync(beyond)).rejects.toMatchObject({ code: "format/invalid" });
  });

  it("reuses the objects of the one before and uploads only what changed", async () => {
    const stores = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
    // How a stream is cut depends on the tenant's key, so what stays the same is a stream of its own.
    const first = await house.backUp(stores, { steady: table, moving: "one\n" });
    house.clock.advance(60_000);
    const second = await house.backUp(stores, { steady: table, moving: "one\ntwo\n" });
    expect(first.reusedBytes).toBe(0);
    expect(second.reusedBytes).toBeGreaterThan(first.uploadedBytes / 2);
    expect(second.uploadedBytes).toBeLessThan(20_000);
    const copy = await house.open(stores, second.backup);
    expect((await readAll(copy, "steady")).toString()).toBe(table);
    expect((await readAll(copy, "moving")).toString()).toBe("one\ntwo\n");
    expect(copy.record.counter).toBe(2);
    expect(copy.record.previous?.backup).toBe(first.backup);
  });

  it("brings a store that missed a day up to date before it reuses anything", async () => {
    const [dubai, frankfurt] = [
      memoryStore("dubai", house.clock),
      faulty(memoryStore("frankfurt", house.clock)),
    ];
    await house.backUp([dubai, frankfurt], { rows: "tiny\n" });
    house.clock.advance(60_000);
    frankfurt.isDown();
    expect((await house.backUp([dubai, frankfurt], { rows: table })).state).toBe("degraded");
    frankfurt.comesBack();
    house.clock.advance(60_000);
    const third = await house.backUp([dubai, frankfurt], { rows: table });
    expect(third.state).toBe("complete");
    expect(third.reusedBytes).toBeGreaterThan(1_000_000);
    const copy = await house.open([frankfurt], third.backup);
    expect((await readAll(copy, "rows")).toString()).toBe(table);
  });

  it("is listed newest first with the state of each copy", async () => {
    const [dubai, frankfurt] = await described(
      house,
      memoryStore("dubai", house.clock),
      memoryStore("frankfurt", house.clock),
    );
    if (dubai === undefined || frankfurt === undefined) throw new Error("two stores were described");
    const first = await house.backUp([dubai, frankfurt], { rows: table });
    house.clock.advance(60_000);
    const second = await house.backUp([dubai], { rows: table });
    const chunk = frankfurt.keys().find((key) => parseChunkKey(key) !== null) ?? "";
    frankfurt.lose(chunk);
    const { backups, gaps, notes } = await tenantStates(
      house.tenant,
      house.library([dubai, frankfurt]),
      never,
    );
    expect(backups.map(({ backup }) => backup)).toEqual([second.backup, first.backup]);
    const states = backups.map(({ copies }) => [...copies.values()].map(({ state }) => state));
    expect(states).toEqual([
      ["present", "missing"],
      ["present", "damaged"],
    ]);
    expect(gaps).toEqual([]);
    expect(notes.map(({ note }) => note)).toEqual([`${chunk} is missing`]);
  });
});
