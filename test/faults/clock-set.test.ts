/** A host's clock that is set while a verb works, at whichever reading, dates nothing that is signed and accuses nobody (promise 5, trap 36). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { isFailure } from "../../src/base/failure.ts";
import type { Mint } from "../../src/keys/bear-key-set.ts";
import { currentKeySet } from "../../src/keys/key-set.ts";
import { ensureKeySet, rotateKeySet } from "../../src/keys/mint-key-set.ts";
import { createTrustRing } from "../../src/keys/signing.ts";
import type { BackupId } from "../../src/model/ids.ts";
import { layHold, releaseHold } from "../../src/retention/hold.ts";
import type { PointWish } from "../../src/restore/point.ts";
import { choosePointByAll, sights } from "../../src/restore/sights.ts";
import { around } from "../../src/stores/around.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import { verifyCopy } from "../../src/verify/verify-copy.ts";
import { faulty } from "../support/faulty-store.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach, scrubIn } from "../support/replication-fixture.ts";
import { instantOf } from "../../src/repository/instant-of.ts";
import { buildHouse, described, type House, marked, never } from "../support/repository-fixture.ts";
import { daysOfBackups, prove, pruneNow } from "../support/retention-fixture.ts";
import { everySetting, misdated } from "../support/set-clock.ts";
import { allEqual, verifyDesk } from "../support/verify-desk.ts";

let house: House;
let opener: ReturnType<typeof startSealing>;
/** Whole. */
let dubai: MemoryStore;
/** With a chunk that is altered. */
let frankfurt: MemoryStore;
let backup: BackupId;

beforeAll(async () => {
  house = await buildHouse();
  opener = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  await described(house, dubai, frankfurt);
  ({ backup } = await house.backUp([dubai, frankfurt], { rows: "a\n" }));
  const chunk = oneOfEach(frankfurt, backup)["chunk"] ?? "";
  const body = frankfurt.bodyOf(chunk);
  frankfurt.overwrite(chunk, body.fill(body.readUInt8(50) ^ 1, 50, 51));
  house.clock.advance(60_000);
});
afterAll(async () => {
  await opener[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
});

/** What one run came to, the code where it failed, and which documents it dated wrongly. */
async function everyRun(
  stores: readonly MemoryStore[],
  run: (clock: Clock, stores: readonly MemoryStore[]) => Promise<string>,
): Promise<{ readonly ends: ReadonlySet<string>; readonly misdated: readonly string[] }> {
  const ends = new Set<string>();
  const wrong: string[] = [];
  for (const clock of everySetting(house.clock)) {
    const copies = stores.map((one) => one.copy());
    ends.add(
      await run(clock, copies).catch((error: unknown) => {
        if (isFailure(error)) return error.code;
        throw error;
      }),
    );
    wrong.push(...copies.flatMap((one, index) => misdated(one, stores[index], house.clock)));
  }
  return { ends, misdated: wrong };
}

describe("a verify", () => {
  async function verified(clock: Clock, stores: readonly MemoryStore[], closed = false): Promise<string> {
    const proofStores = stores.map(marked);
    const [first] = stores;
    if (first === undefined) throw new Error("no store");
    const tried = faulty(first);
    // It cannot tell the time, so that only the other store can.
    if (closed) tried.every("clock").failsWith("store/full");
    const store = marked(tried);
    const { verdict, proofIn } = await verifyCopy(
      verifyDesk({ house, sealing: opener, clock }, stores),
      {
        tenant: house.tenant,
        backup,
        store,
        proofStores: [store, ...proofStores.slice(1)],
        tryOut: allEqual,
      },
      never,
    );
    return `${verdict} in ${String(proofIn.length)}`;
  }

  it("of a good copy is never refuted, nor its proof dated wrongly", async () => {
    const { ends, misdated: wrong } = await everyRun([dubai, frankfurt], verified);
    expect(wrong).toEqual([]);
    expect([...ends].filter((end) => end.startsWith("refuted"))).toEqual([]);
    expect([...ends]).toContain("proven in 2");
    // By a clock that is wrong from the first, nothing can be dated.
    expect([...ends]).toContain("inconclusive in 0");
  });

  it("is dated by the other store's time where its own cannot tell it", async () => {
    const run = (clock: Clock, stores: readonly MemoryStore[]): Promise<string> =>
      verified(clock, stores, true);
    expect((await everyRun([dubai, frankfurt], run)).misdated).toEqual([]);
  });
});

async function scrubbed(clock: Clock, stores: readonly MemoryStore[]): Promise<string> {
  const [store] = stores;
  if (store === undefined) throw new Error("no store");
  const { damaged, findingsIn } = await scrubIn(house, store.name, stores, { clock });
  return `${String(damaged)} in ${String(findingsIn.length)}`;
}

it("a scrub finds what is damaged whenever it looks, and dates no finding wrongly", async () => {
  const { ends, misdated: wrong } = await everyRun([frankfurt, dubai], scrubbed);
  expect(wrong).toEqual([]);
  expect([...ends].toSorted()).toEqual(["1 in 0", "1 in 2", "store/clock"]);
});

it("a heal dates nothing wrongly that it says is whole", async () => {
  const stores = [frankfurt.copy(), dubai.copy()];
  await scrubbed(house.clock, stores);
  house.clock.advance(60_000);
  const { ends, misdated: wrong } = await everyRun(stores, async (clock, copies) => {
    const { healed, findingsIn } = await healIn(house, frankfurt.name, copies, { clock });
    return `${String(healed)} in ${String(findingsIn.length)}`;
  });
  expect(wrong).toEqual([]);
  expect([...ends]).toContain("1 in 2");
});

/** Backups of three days, of which the plan of `pruneNow` keeps two. */
async function threeDays(): Promise<{ readonly stores: readonly MemoryStore[]; readonly oldest: BackupId }> {
  const stores = await described(
    house,
    memoryStore("dubai", house.clock),
    memoryStore("frankfurt", house.clock),
  );
  const made = await daysOfBackups(
    house,
    stores,
    ["a\n", "b\n", "c\n"].map((rows) => ({ rows })),
  );
  const [oldest] = made;
  if (oldest === undefined) throw new Error("three were made");
  return { stores, oldest };
}

it("a prune dates no list wrongly", async () => {
  const { stores } = await threeDays();
  const { ends, misdated: wrong } = await everyRun(stores, async (clock, copies) => {
    const { state, removed } = await pruneNow(house, copies, { clock });
    return `${state} ${String(removed.length)}`;
  });
  expect(wrong).toEqual([]);
  expect([...ends].toSorted()).toEqual(["pruned 1", "stopped 0", "stopped 1"]);
});

it("a prune takes nothing that a lock holds for another hour", async () => {
  const { stores, oldest } = await threeDays();
  const beganAtMs = Date.parse(instantOf(oldest));
  const lockMs = house.clock.now().getTime() - beganAtMs + 3_600_000;
  const { ends } = await everyRun(stores, async (clock, copies) => {
    const locks = new Map(copies.map(({ name }) => [name, lockMs]));
    const { state, removed } = await pruneNow(house, copies, { clock, lockMs: locks });
    return `${state} ${String(removed.length)}`;
  });
  expect([...ends].toSorted()).toEqual(["pruned 0", "stopped 0"]);
});

it("a hold and its release are not dated wrongly", async () => {
  const desk = { ...house, chance: house.workshop.chance, host: "test-host" };
  const { ends, misdated: wrong } = await everyRun([dubai, frankfurt], async (clock, copies) => {
    const { tenant } = house;
    const stores = copies.map(marked);
    const laid = await layHold({ tenant, backup, reason: "a case" }, stores, { ...desk, clock }, never);
    const wish = { tenant, hold: laid.document.hold, reason: "closed" };
    await releaseHold(wish, stores, { ...desk, clock }, never);
    return `in ${String(laid.stores.length)}`;
  });
  expect(wrong).toEqual([]);
  expect([...ends].toSorted()).toEqual(["in 2", "store/clock"]);
});

describe("a key set", () => {
  it("is not dated wrongly, neither the first nor the next", async () => {
    const mintOf = (clock: Clock): Mint => ({ ...house.mint, clock });
    for (const mintKeys of [ensureKeySet, rotateKeySet]) {
      const empty = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
      const { ends, misdated: wrong } = await everyRun(empty, async (clock, copies) => {
        const { keySet } = await mintKeys(house.tenant, copies, mintOf(clock), never);
        return String(keySet.generation);
      });
      expect(wrong).toEqual([]);
      expect([...ends].toSorted()).toEqual(["1", "store/clock"]);
    }
  });

  it("of a host a year ahead is not made, or nobody could read it once its signer had an end", async () => {
    const stores = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
    const yearMs = 365 * 86_400_000;
    const ahead = { now: () => new Date(house.clock.now().getTime() + yearMs) };
    await house.backUp(stores, { rows: "a\n" }).then(({ state }) => expect(state).toBe("complete"));
    const rotated = rotateKeySet(house.tenant, stores, { ...house.mint, clock: ahead }, never);
    await expect(rotated).rejects.toMatchObject({ code: "store/clock" });
    const until = new Date(house.clock.now().getTime() + 3_600_000);
    const retired = await createTrustRing([{ jwk: house.publicJwk, may: ["key"], until }]);
    expect((await currentKeySet(house.tenant, stores, retired, never))?.refusals).toEqual([]);
  });
});

describe("a restore", () => {
  let stores: readonly MemoryStore[];
  let newest: BackupId;

  /** Two backups of which the younger was made hours ago, and proven now. */
  beforeAll(async () => {
    const empty = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
    stores = await described(house, ...empty);
    await daysOfBackups(house, stores, [{ rows: "a\n" }]);
    ({ backup: newest } = await house.backUp(stores, { rows: "b\n" }));
    house.clock.advance(4 * 3_600_000);
    for (const store of stores) await prove(house, stores, store, newest);
  });

  async function chosen(
    clock: Clock,
    from: readonly WholeStore[],
    wish: Partial<PointWish> = {},
  ): Promise<string> {
    const seen = await sights(house.tenant, { ...house.library(from), clock }, never);
    const context = { seen, stores: from.map(({ name }) => name), intervalMs: null };
    const asked = { tenant: house.tenant, allowUnproven: false, notOlderThanMs: null, ...wish };
    return choosePointByAll(asked, context).point.choice.backup.backup;
  }

  it("takes the newest proven backup or none, whenever the clock is set", async () => {
    const { ends } = await everyRun(stores, chosen);
    expect([...ends].toSorted()).toEqual([newest, "store/clock"]);
  });

  it("by a clock that is behind takes the backup that is named", async () => {
    const behind = { now: () => new Date(house.clock.now().getTime() - 3 * 3_600_000) };
    await expect(chosen(behind, stores)).rejects.toMatchObject({
      code: "store/clock",
      message: expect.stringMatching(/is 3 h ahead of this host's: .* by the store's it is /),
    });
    expect(await chosen(behind, stores, { backup: newest })).toBe(newest);
  });

  it("by a clock that is set ahead takes a backup of the future that is named", async () => {
    const copies = stores.map((one) => one.copy());
    const aheadMs = 5 * 3_600_000;
    house.clock.advance(aheadMs);
    const { backup: future } = await house.backUp(copies, { rows: "c\n" });
    house.clock.advance(-aheadMs);
    const wish = { backup: future, allowUnproven: true };
    await expect(chosen(house.clock, copies, wish)).rejects.toMatchObject({ code: "backup/none" });
    const ahead = { now: () => new Date(house.clock.now().getTime() + aheadMs) };
    expect(await chosen(ahead, copies, wish)).toBe(future);
  });

  it("by a clock that is behind takes no backup for younger than it is", async () => {
    const behind = { now: () => new Date(house.clock.now().getTime() - 600_000) };
    const wish = { backup: newest, notOlderThanMs: 4 * 3_600_000 - 1 };
    await expect(chosen(house.clock, stores, wish)).rejects.toMatchObject({ code: "backup/old" });
    await expect(chosen(behind, stores, wish)).rejects.toMatchObject({ code: "backup/old" });
  });

  it("is held up by no clock of a store by which it would choose the same", async () => {
    const [dubai, frankfurt] = stores;
    if (dubai === undefined || frankfurt === undefined) throw new Error("no store");
    const skewed = around(dubai, {
      run: async (_, work) => work(),
      list: (prefix, wait, after) => dubai.list(prefix, wait, after),
    });
    expect(
      await chosen(house.clock, [{ ...skewed, clock: async () => new Date("2030-01-01") }, frankfurt]),
    ).toBe(newest);
  });
});
