/** What a new backup knows of those before it, where ids do not tell the order in which they ended: the chain stays one line, no rotation is undone (promise 9), and records that are no good are not waited for one by one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rotateKeySet } from "../../src/keys/mint-key-set.ts";
import type { BackupRecord } from "../../src/model/documents.ts";
import { keySetKeys, manifestKey, recordKey } from "../../src/model/layout.ts";
import { readLastRecords } from "../../src/repository/last-records.ts";
import { readRecord } from "../../src/repository/records.ts";
import { around } from "../../src/stores/around.ts";
import type { Store } from "../../src/stores/store.ts";
import { type FaultyStore, faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import {
  type BackUpChanges,
  buildHouse,
  emptyFingerprint,
  type House,
  never,
} from "../support/repository-fixture.ts";

let house: House;
let disk: MemoryStore;
let dubai: FaultyStore;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  disk = memoryStore("dubai", house.clock);
  dubai = faulty(disk);
  house.clock.advance(3_600_000);
});

/** An hour passes after each. */
async function backUp(
  changes: BackUpChanges = {},
  stores: readonly Store[] = [dubai],
): Promise<BackupRecord> {
  const { backup } = await house.backUp(stores, { rows: "1\n" }, changes);
  const [store = dubai] = stores;
  const one = await readRecord({ tenant: house.tenant, backup }, store, house, never);
  house.clock.advance(3_600_000);
  if (one?.record === undefined || one.record === null) throw new Error(`${backup} has no good record`);
  return one.record;
}

/** Of a standby that replayed nothing since `at`; `byte` decides what chance puts into the id. */
function onStandby(at: Date, byte: number): BackUpChanges {
  const found = emptyFingerprint(at);
  const chance = (bytes: number): Buffer => Buffer.alloc(bytes, byte);
  const fingerprint = { ...found, server: { ...found.server, standby: true } };
  return { at, fingerprint, workshop: { chance } };
}

describe("the chain of records", () => {
  it("stays one line where the source stands still and chance alone orders the ids", async () => {
    const at = house.clock.now();
    const chain: BackupRecord[] = [];
    for (const byte of [0, 255, 254, 1, 253]) chain.push(await backUp(onStandby(at, byte)));
    const ids = chain.map(({ backup }) => backup);
    expect(ids.toSorted()).not.toEqual(ids);
    expect(chain.map(({ counter }) => counter)).toEqual([1, 2, 3, 4, 5]);
    expect(chain.map(({ previous }) => previous?.backup)).toEqual([undefined, ...ids.slice(0, -1)]);
  });

  it("goes on from a backup with an older id that ended later", async () => {
    let meanwhile: BackupRecord | undefined;
    const beforeCommit = async (): Promise<void> => {
      house.clock.advance(3_600_000);
      meanwhile = await backUp();
    };
    const long = await backUp({ beforeCommit });
    const next = await backUp();
    expect(long.backup < String(meanwhile?.backup)).toBe(true);
    expect(long.previous?.backup).toBe(meanwhile?.backup);
    expect(next).toMatchObject({ counter: 3, previous: { backup: long.backup } });
  });

  it("goes on from what another store alone had, although a newer record was brought to it since", async () => {
    const [far, near] = [memoryStore("frankfurt", house.clock), disk];
    for (const _ of [1, 2, 3]) await backUp({}, [far]);
    const tip = await backUp({}, [far]);
    const apart = await backUp({}, [near]);
    for (const key of [manifestKey, recordKey].map((keyOf) => keyOf(house.tenant, apart.backup)))
      far.overwrite(key, near.bodyOf(key));
    house.clock.advance(3_600_000);
    const ids = (await readLastRecords(house.tenant, far, house, never)).map(({ backup }) => backup);
    expect(ids).toContain(tip.backup);
  });
});

describe("a rotation", () => {
  it("is not undone where the newest id is of the generation before it", async () => {
    const long = house.clock.now();
    await backUp();
    await rotateKeySet(house.tenant, [dubai], house.mint, never);
    // The standby that is read now lies behind the source that was read before.
    await backUp(onStandby(new Date(long.getTime() - 60_000), 0));
    const { statement, identity, id } = keySetKeys(house.tenant, 2);
    for (const key of [statement, identity, id]) disk.lose(key);
    await expect(backUp()).rejects.toMatchObject({ code: "keys/signature" });
  });

  it("is not undone where a backup that began before it ended after the first one that used it", async () => {
    await backUp();
    const beforeCommit = async (): Promise<void> => {
      house.clock.advance(3_600_000);
      await rotateKeySet(house.tenant, [dubai], house.mint, never);
      // Read from a standby that lies far behind, so that the long one has the newest id as well.
      await backUp(onStandby(new Date(house.clock.now().getTime() - 7_200_000), 0));
    };
    expect(await backUp({ beforeCommit })).toMatchObject({ keyGeneration: 1, counter: 3 });
    const { statement, identity, id } = keySetKeys(house.tenant, 2);
    for (const key of [statement, identity, id]) disk.lose(key);
    await expect(backUp()).rejects.toMatchObject({ code: "keys/signature" });
  });

  it("is not undone where all that happened within two seconds, by which the store dates", async () => {
    const store = coarse(disk);
    await backUp({}, [store]);
    house.clock.advance(1900);
    const beforeCommit = async (): Promise<void> => {
      await rotateKeySet(house.tenant, [store], house.mint, never);
      const behind = onStandby(new Date(house.clock.now().getTime() - 7_200_000), 0);
      await house.backUp([store], { rows: "1\n" }, behind);
      house.clock.advance(150);
    };
    expect(await backUp({ beforeCommit }, [store])).toMatchObject({ keyGeneration: 1, counter: 3 });
    const { statement, identity, id } = keySetKeys(house.tenant, 2);
    for (const key of [statement, identity, id]) disk.lose(key);
    await expect(backUp({}, [store])).rejects.toMatchObject({ code: "keys/signature" });
  });
});

/** Dates what it holds by every second second, as a FAT file system does. */
function coarse(store: MemoryStore): Store {
  return around(store, {
    run: async (_call, work) => work(),
    list: (prefix, wait, after) =>
      (async function* () {
        for await (const stat of store.list(prefix, wait, after)) {
          const modifiedAt = new Date(Math.floor(stat.modifiedAt.getTime() / 2000) * 2000);
          yield { ...stat, modifiedAt };
        }
      })(),
  });
}

describe("records that are no good", () => {
  function forge(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const letters = `aaaa${"abcdefgh".charAt(index >> 3)}${"abcdefgh".charAt(index & 7)}`;
      disk.overwrite(`tenants/acme/backups/20991231T235959Z-${letters}/record.jws`, Buffer.alloc(0));
    }
  }

  it("are read eight at once, and no further than to a batch with a good one", async () => {
    const good = await backUp();
    forge(20);
    let now = 0;
    let most = 0;
    const counting = around(dubai, {
      run: async ({ operation }, work) => {
        if (operation !== "read") return work();
        now += 1;
        most = Math.max(most, now);
        await new Promise(setImmediate);
        now -= 1;
        return work();
      },
      list: (prefix, wait, after) => dubai.list(prefix, wait, after),
    });
    const found = await readLastRecords(house.tenant, counting, house, never);
    expect(found.filter(({ standing }) => standing === "good").map(({ backup }) => backup)).toEqual([
      good.backup,
    ]);
    expect(most).toBe(8);
  });

  it("are not read for ever where a store lists more of them than anybody ever made", async () => {
    await backUp();
    forge(20);
    await expect(readLastRecords(house.tenant, dubai, house, never, 10)).rejects.toMatchObject({
      code: "store/protocol",
      message: "dubai lists more than 10 records that nobody believes",
    });
    await expect(readLastRecords(house.tenant, dubai, house, never, 20)).resolves.toHaveLength(21);
  });

  it("are not read again once a good one came after them, but for the one with the newest id", async () => {
    await backUp();
    forge(20);
    house.clock.advance(3_600_000);
    const good = await backUp();
    dubai.calls.length = 0;
    await readLastRecords(house.tenant, dubai, house, never);
    const read = new Set(dubai.calls.filter(({ operation }) => operation === "read").map(({ key }) => key));
    expect(read.size).toBe(2);
    expect(read).toContain(recordKey(house.tenant, good.backup));
  });
});
