/** A store that fails, at whatever moment, costs its own copy and no other; fewer than the quorum cost the backup. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { type FaultyStore, faulty } from "../support/faulty-store.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { buildHouse, emptyFingerprint, type House, noon, rows } from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let disks: readonly [MemoryStore, MemoryStore];
let dubai: FaultyStore;
let frankfurt: FaultyStore;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  disks = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
  [dubai, frankfurt] = [faulty(disks[0]), faulty(disks[1])];
  // The tenant's keys are born while all its stores answer.
  await house.backUp([dubai, frankfurt], { rows: "first\n" });
  house.clock.advance(60_000);
});

const table = rows(7, 2_500_000);

/** What a backup came to, and where it left a record; whatever a record names must be whole. */
async function outcome(): Promise<object> {
  const made = await house.backUp([dubai, frankfurt], { rows: table });
  for (const disk of disks) expect(brokenPromises(disk)).toEqual([]);
  return {
    state: made.state,
    whole: [...made.copies].flatMap(([store, failure]) => (failure === null ? [store] : [])),
    recorded: disks.filter((disk) => recordsIn(disk).includes(made.backup)).map(({ name }) => name),
  };
}

const onlyDubai = { state: "degraded", whole: ["dubai"], recorded: ["dubai"] };

describe("one of two stores", () => {
  it("may be down from the start", async () => {
    frankfurt.isDown();
    expect(await outcome()).toEqual(onlyDubai);
  });

  it("may go down at any chunk", async () => {
    frankfurt.every("create", "/chunks/").failsAfter({ bytes: 600_000 });
    expect(await outcome()).toEqual(onlyDubai);
  });

  it("may be full, refuse, or be slow beyond all limits", async () => {
    for (const code of ["store/full", "store/refused", "wait/expired"] as const) {
      frankfurt.next("create", "/chunks/").failsWith(code);
      expect(await outcome()).toEqual(onlyDubai);
      house.clock.advance(60_000);
    }
  });

  it("may fail at the manifest, at the inventory, at the last listing and at the record", async () => {
    for (const [operation, part] of [
      ["create", "manifest.age"],
      ["create", "inventory.zst"],
      ["list", ""],
      ["create", "record.jws"],
    ] as const) {
      const fail = (): void => frankfurt.every(operation, part).failsWith("store/unreachable");
      // The first listing is to succeed.
      if (operation === "list") void frankfurt.reaches("create", "inventory.zst").then(fail);
      else fail();
      expect(await outcome()).toEqual(onlyDubai);
      frankfurt.heals();
      house.clock.advance(60_000);
    }
  });

  it("may take the record and lose the answer; then its copy is whole, and reported missing", async () => {
    frankfurt.next("create", "record.jws").failsOnceDone();
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.state).toBe("degraded");
    expect(brokenPromises(disks[1])).toEqual([]);
  });

  it("may have a clock that is wrong", async () => {
    const wrong = memoryStore("frankfurt", new ManualClock(new Date(noon.getTime() - 3_600_000)));
    const made = await house.backUp([dubai, wrong], { rows: table });
    expect(made.copies.get(wrong.name)?.code).toBe("store/clock");
    expect(recordsIn(wrong)).toEqual([]);
    // What holds anything of the tenant is asked for its time before anything is written to it.
    const written = wrong.keys().length;
    const again = await house.backUp([dubai, wrong], { rows: rows(7, 1000) });
    expect(again.copies.get(wrong.name)?.code).toBe("store/clock");
    expect(wrong.keys().length).toBe(written);
  });

  it("keeps none of what others put under the keys of a backup", async () => {
    frankfurt.next("create", "record.jws").failsWith("store/exists");
    expect(await outcome()).toEqual(onlyDubai);
  });

  it("may spoil what it is given, for which no other id is drawn", async () => {
    frankfurt.next("create", "manifest.age").failsWith("store/corrupt");
    expect(await outcome()).toEqual(onlyDubai);
  });

  it("may hold something under each id that a backup draws, and is out after the third", async () => {
    frankfurt.every("create", "manifest.age").failsWith("store/exists");
    expect(await outcome()).toEqual(onlyDubai);
    const tried = frankfurt.calls.filter(
      ({ operation, key }) => operation === "create" && key.endsWith("manifest.age"),
    );
    // That of the backup before this one is the first.
    expect(new Set(tried.map(({ key }) => key)).size).toBe(1 + 3);
  });
});

describe("fewer stores than the quorum", () => {
  const two = { order: { quorum: 2 } };

  it("fail the backup at the start, in the middle and at the record, and no quorum holds a record", async () => {
    for (const [operation, part] of [
      ["clock", ""],
      ["create", "/chunks/"],
      ["create", "manifest.age"],
      ["create", "record.jws"],
    ] as const) {
      frankfurt.every(operation, part).failsWith("store/unreachable");
      const before = disks.map((disk) => recordsIn(disk).length);
      await expect(house.backUp([dubai, frankfurt], { rows: table }, two)).rejects.toMatchObject({
        code: "store/quorum",
        retryable: true,
      });
      const after = disks.map((disk) => recordsIn(disk).length);
      expect(after[1]).toBe(before[1]);
      for (const disk of disks) expect(brokenPromises(disk)).toEqual([]);
      frankfurt.heals();
      house.clock.advance(60_000);
    }
  });

  it("say which store failed and why", async () => {
    frankfurt.every("create").failsWith("store/full");
    const failed: unknown = await house
      .backUp([dubai, frankfurt], { rows: table }, two)
      .catch((error: unknown) => error);
    expect(isFailure(failed, "store/quorum") && failed.message).toMatch(
      /^1 of 2 stores can hold the backup, 2 must: frankfurt: create tenants/,
    );
    expect(isFailure(failed) && failed.hint).toBe("make room in the store");
  });

  it("are told from a host whose own clock is wrong", async () => {
    const wrong = [
      memoryStore("dubai", new ManualClock(new Date(0))),
      memoryStore("frankfurt", new ManualClock(new Date(0))),
    ];
    await expect(house.backUp(wrong, { rows: table })).rejects.toMatchObject({ code: "store/clock" });
  });
});

describe("a host's clock that is set while a backup runs", () => {
  it.for([
    ["ahead by two hours", 7_200_000],
    ["back by two hours", -7_200_000],
    ["ahead by five minutes and a second", 301_000],
  ] as const)("%s dates no record", async ([, stepMs]) => {
    const wall = new ManualClock(house.clock.now());
    // Also where a store goes by the same clock, as a directory of this host does.
    const disk = memoryStore("paris", wall);
    const paris = faulty(disk);
    const changes = { workshop: { clock: wall }, at: wall.now() };
    await house.backUp([paris], { rows: "first\n" }, changes);
    const before = recordsIn(disk);
    const setTheClock = (): void => wall.advance(stepMs);
    void paris.reaches("create", "inventory.zst").then(setTheClock);
    await expect(house.backUp([paris], { rows: table }, changes)).rejects.toMatchObject({
      code: "backup/overtaken",
      retryable: true,
    });
    expect(recordsIn(disk)).toEqual(before);
  });

  it("may move on while the last look takes long", async () => {
    const takeLong = (): void => house.clock.advance(600_000);
    void dubai.reaches("create", "inventory.zst").then(takeLong);
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.state).toBe("complete");
  });
});

describe("the source's clock", () => {
  it("more than five minutes ahead or behind fails the backup, and nothing is recorded", async () => {
    for (const minutes of [-6, 6]) {
      const at = new Date(house.clock.now().getTime() + minutes * 60_000);
      await expect(house.backUp([dubai, frankfurt], { rows: "a\n" }, { at })).rejects.toMatchObject({
        code: "source/clock",
      });
    }
    expect(recordsIn(disks[0]).length).toBe(1);
  });

  it("may lie far back where the source is a standby", async () => {
    const at = new Date(house.clock.now().getTime() - 3_600_000);
    const empty = emptyFingerprint(at);
    const fingerprint = { ...empty, server: { ...empty.server, standby: true } };
    expect((await house.backUp([dubai, frankfurt], { rows: "a\n" }, { at, fingerprint })).state).toBe(
      "complete",
    );
  });
});
