/** A backup that was condemned and is kept after all is not dead: it is missed, and its copies come back (promise 6; trap 26). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import type { BackupId } from "../../src/model/ids.ts";
import { recordKey } from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { layHold, listHolds } from "../../src/retention/hold.ts";
import type { Store, WholeStore } from "../../src/stores/store.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { replicateAll } from "../support/replication-fixture.ts";
import { buildHouse, described, type House, never, rows } from "../support/repository-fixture.ts";
import { daysOfBackups, dayMs, pass, prove, pruneNow } from "../support/retention-fixture.ts";

let house: House;
let grown: readonly MemoryStore[];
let dubai: MemoryStore;
let frankfurt: MemoryStore;
/** Three; the plan of the fixture keeps the newer two. */
let old: BackupId;
let newer: readonly BackupId[];
let startedAt: number;

beforeAll(async () => {
  house = await buildHouse();
  grown = await described(house, memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock));
  const made = await daysOfBackups(
    house,
    grown,
    [1, 2, 3].map((day) => ({ fixed: rows(99, 20_000), moving: rows(day, 20_000) })),
  );
  const [oldest, ...rest] = made;
  if (oldest === undefined) throw new Error("three were made");
  old = oldest;
  newer = rest;
  startedAt = house.clock.now().getTime();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  house.clock.advance(startedAt - house.clock.now().getTime());
  const [one, two] = grown.map((store) => store.copy());
  if (one === undefined || two === undefined) throw new Error("two were made");
  dubai = one;
  frankfurt = two;
});

function hold(stores: readonly Store[], backup: BackupId | null = old): ReturnType<typeof layHold> {
  const { trust, signer, clock, tenant } = house;
  const desk = { trust, signer, clock, chance: systemChance, host: "test-host" };
  return layHold({ tenant, backup, reason: "litigation" }, stores, desk, never);
}

/** What of `wanted` a list names in a store. */
function condemnedIn(store: MemoryStore, wanted: BackupId): boolean {
  const lists = store.keys().filter((key) => key.includes("/condemned/"));
  const texts = lists.map((key) => store.bodyOf(key).toString("latin1").split(".")[1] ?? "");
  return texts.some((text) =>
    Buffer.from(text, "base64url").toString("utf8").includes(recordKey(house.tenant, wanted)),
  );
}

async function gapsNow(): Promise<readonly string[]> {
  const { gaps } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return gaps.map(({ missing }) => missing);
}

function stopsOf({ stops }: { readonly stops: readonly { readonly reason: string }[] }): readonly string[] {
  return stops.map(({ reason }) => reason);
}

/** A prune that writes its lists, and of whose removals every one fails. */
async function condemnAndFail(): Promise<void> {
  const [one, two] = [faulty(dubai), faulty(frankfurt)];
  for (const store of [one, two]) store.every("remove").failsWith("store/unreachable");
  expect(stopsOf(await pruneNow(house, [one, two]))).toContain("store-down");
  expect([recordsIn(dubai), recordsIn(frankfurt)]).toEqual([
    [old, ...newer],
    [old, ...newer],
  ]);
}

const roomForAll = {
  terms: {
    places: { daily: 5, weekly: 0, monthly: 0, yearly: 0 },
    timeZone: "UTC",
    everyCopyWithinMs: dayMs,
  },
};

describe("a hold that is laid while a prune looks", () => {
  it("keeps the prune from condemning anything", async () => {
    const late = faulty(dubai);
    const laid = late.reaches("list", "/findings/").then(() => hold([frankfurt]));
    late.next("list", "/findings/").takes(laid);
    const report = await pruneNow(house, [late, frankfurt]);
    expect(stopsOf(report)).toEqual(["held-meanwhile"]);
    expect([condemnedIn(dubai, old), condemnedIn(frankfurt, old)]).toEqual([false, false]);
  });

  it("after the list has the list taken back, so that a copy that is lost comes back", async () => {
    const late = faulty(dubai);
    const laid = late.reaches("create", "/condemned/").then(() => hold([frankfurt]));
    late.next("create", "/condemned/").takes(laid);
    expect(stopsOf(await pruneNow(house, [late, frankfurt]))).toEqual(["held-meanwhile"]);
    expect([condemnedIn(dubai, old), condemnedIn(frankfurt, old)]).toEqual([false, false]);
    frankfurt.lose(recordKey(house.tenant, old));
    expect(stopsOf(await pruneNow(house, [dubai, frankfurt]))).toEqual(["records-missing"]);
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    expect(copies).toMatchObject([{ backup: old, store: "frankfurt", result: "copied" }]);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "pruned", removed: [] });
  });
});

describe("a list that did not reach every store is taken back", () => {
  it.each([
    ["where it lies, when another store refused it", "store/full", false],
    ["also out of a store that took it and did not say so", "store/unreachable", true],
  ] as const)("%s", async (_, code, isDone) => {
    const failing = faulty(frankfurt);
    if (isDone) failing.next("create", "/condemned/").failsOnceDone(code);
    else failing.next("create", "/condemned/").failsWith(code);
    expect(stopsOf(await pruneNow(house, [dubai, failing]))).toEqual(["list-unwritten"]);
    expect([condemnedIn(dubai, old), condemnedIn(frankfurt, old)]).toEqual([false, false]);
  });
});

describe("a backup that a prune condemned and never removed", () => {
  it("and that has a place again is condemned no longer a day later, and a lost copy of it comes back", async () => {
    await condemnAndFail();
    pass(house.clock, graceMs - 1000);
    await pruneNow(house, [dubai, frankfurt], roomForAll);
    // A prune on another host may be about to remove what so young a list names.
    expect(condemnedIn(dubai, old)).toBe(true);
    pass(house.clock, 1000);
    await pruneNow(house, [dubai, frankfurt], { ...roomForAll, isDry: true });
    expect(condemnedIn(dubai, old)).toBe(true);
    expect(await pruneNow(house, [dubai, frankfurt], roomForAll)).toMatchObject({ state: "pruned" });
    expect([condemnedIn(dubai, old), condemnedIn(frankfurt, old)]).toEqual([false, false]);
    frankfurt.lose(recordKey(house.tenant, old));
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    expect(copies).toMatchObject([{ backup: old, result: "copied" }]);
    expect([...brokenPromises(dubai), ...brokenPromises(frankfurt)]).toEqual([]);
  });

  it("leaves the rest of its list in force", async () => {
    const [middle = old, newest = old] = newer;
    const places = { daily: 1, weekly: 0, monthly: 0, yearly: 0 };
    const terms = { ...roomForAll.terms, places };
    const falling = faulty(frankfurt);
    falling.next("remove", `${middle}/record.jws`).failsWith("store/unreachable");
    expect(stopsOf(await pruneNow(house, [dubai, falling], { terms }))).toEqual(["store-down"]);
    expect(recordsIn(frankfurt)).toEqual([old, middle, newest]);
    await hold([dubai, frankfurt], middle);
    pass(house.clock, graceMs);
    // Its record is gone from one store, so the prune goes no further than to let it come back.
    expect(stopsOf(await pruneNow(house, [dubai, frankfurt], { terms }))).toEqual(["records-missing"]);
    expect([condemnedIn(dubai, middle), condemnedIn(dubai, old)]).toEqual([false, true]);
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    expect(copies).toMatchObject([{ backup: middle, store: "dubai", result: "copied" }]);
    expect((await pruneNow(house, [dubai, frankfurt], { terms })).removed).toMatchObject([{ backup: old }]);
    expect(await gapsNow()).toEqual([]);
  });

  it("is missed by everybody when it is held and gone, whatever the list says", async () => {
    await condemnAndFail();
    await hold([dubai]);
    for (const store of [dubai, frankfurt]) store.lose(recordKey(house.tenant, old));
    const report = await pruneNow(house, [dubai, frankfurt]);
    expect(report).toMatchObject({ state: "stopped", removed: [], freed: { objects: 0 } });
    expect(new Set(stopsOf(report))).toEqual(new Set(["record-gap"]));
    expect(await gapsNow()).toEqual([old]);
  });

  it("is missed where everything was held before the list was written, and not where it was later", async () => {
    await hold([dubai], null);
    pass(house.clock, 1000);
    await pruneNow(house, [dubai, frankfurt]);
    expect(recordsIn(dubai)).toHaveLength(3);
    dubai.lose(recordKey(house.tenant, old));
    frankfurt.lose(recordKey(house.tenant, old));
    expect(await gapsNow()).toEqual([old]);
  });

  it("and removed before everything was held is missed by nobody", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, 1000);
    await hold([dubai, frankfurt], null);
    expect(await gapsNow()).toEqual([]);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "pruned" });
  });
});

describe("a hold that comes while the record goes", () => {
  function holdWhile(goes: readonly MemoryStore[]): ReturnType<typeof layHold> {
    const late = faulty(dubai);
    const gone = late
      .reaches("create", "/holds/")
      .then(() => goes.map((store) => store.lose(recordKey(house.tenant, old))));
    late.next("create", "/holds/").takes(gone);
    return hold([late, frankfurt]);
  }

  it("from one store says so, and keeps the others", async () => {
    expect((await holdWhile([frankfurt])).lostIn).toEqual(["frankfurt"]);
    expect((await hold([dubai])).lostIn).toEqual([]);
  });

  it("from every store is refused, and leaves no hold that nothing fulfils", async () => {
    await expect(holdWhile([dubai, frankfurt])).rejects.toMatchObject({ code: "backup/unknown" });
    const { holds } = await listHolds(house.tenant, [dubai, frankfurt], house, never);
    expect(holds).toEqual([]);
  });
});

describe("a store that withholds", () => {
  function hiding(store: MemoryStore, ...parts: readonly string[]): WholeStore {
    const hider = faulty(store);
    for (const part of parts) hider.hides(part);
    return hider;
  }

  it("the newest records, and is a tenant's only one, stops the prune as long as a proof tells of them", async () => {
    const [, newest = old] = newer;
    const hider = hiding(dubai, recordKey(house.tenant, newest));
    expect(stopsOf(await pruneNow(house, [hider]))).toEqual(["record-gap"]);
    const all = hiding(dubai, ...[old, ...newer].map((one) => recordKey(house.tenant, one)));
    expect(stopsOf(await pruneNow(house, [all]))).toEqual(["record-gap", "record-gap", "record-gap"]);
    expect(dubai.keys().filter((key) => key.includes("/condemned/"))).toEqual([]);
  });

  it("everything stops it by what the other shows", async () => {
    const before = [dubai.keys(), frankfurt.keys()];
    const hider = hiding(frankfurt, `tenants/${house.tenant}/`);
    expect(stopsOf(await pruneNow(house, [dubai, hider]))).toEqual(["records-missing"]);
    expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
  });

  it("chunks and shows their records loses nothing by it", async () => {
    for (let day = 0; day < 3; day += 1) {
      await pruneNow(house, [dubai, hiding(frankfurt, `tenants/${house.tenant}/chunks/`)]);
      pass(house.clock, graceMs);
    }
    expect([...brokenPromises(dubai), ...brokenPromises(frankfurt)]).toEqual([]);
    expect(recordsIn(frankfurt)).toEqual(newer);
  });

  it("its clock, running a week ahead since the list was written, has nothing removed", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, 3_600_000);
    const before = [dubai.keys(), frankfurt.keys()];
    const ahead = hiding(frankfurt);
    const report = await pruneNow(house, [
      dubai,
      Object.assign(ahead, { clock: async () => new Date(house.clock.now().getTime() + 7 * dayMs) }),
    ]);
    expect(stopsOf(report)).toEqual(["store-down"]);
    expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
  });
});

it("the list of a backup that is gone stays as long as a proof tells of it", async () => {
  const victim = dubai.keys().find((key) => key.includes("/chunks/"));
  if (victim === undefined) throw new Error("chunks were made");
  await prove(house, [dubai, frankfurt], dubai, old, "refuted", [victim]);
  for (const days of [0, 1, 31, 1]) {
    pass(house.clock, days * dayMs);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "pruned" });
  }
  expect(recordsIn(dubai)).toEqual(newer);
  expect(condemnedIn(dubai, old)).toBe(true);
});
