/** The small rules of the repository: clocks, chains, versions, quorum, locks, and which tenants a store knows. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { Failure, isFailure } from "../../src/base/failure.ts";
import { backupId, objectKey, type StoreName, storeName, tenantId } from "../../src/model/ids.ts";
import { checkSourceClock, checkStoreClock, isFromFuture } from "../../src/repository/clocks.ts";
import { fetchFrom, fetchWhole } from "../../src/repository/fetch.ts";
import { lockedLongEnough, lockTimes } from "../../src/repository/locks.ts";
import { decodeManifest } from "../../src/repository/manifest.ts";
import { putWhole } from "../../src/repository/put.ts";
import { Shelves } from "../../src/repository/shelves.ts";
import { storedTenants } from "../../src/repository/stored-tenants.ts";
import type { ObjectReader } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { never, noon } from "../support/repository-fixture.ts";

const key = objectKey.parse("tenants/acme/thing");
const good = Buffer.from("the right bytes");
const wanted = { key, bytes: good.length, sha256: sha256(good) };

describe("clocks", () => {
  it("may differ by five minutes and no more", async () => {
    for (const [apartMs, fits] of [
      [300_000, true],
      [300_001, false],
      [-300_000, true],
      [-300_001, false],
    ] as const) {
      const store = memoryStore("dubai", new ManualClock(new Date(noon.getTime() + apartMs)));
      const code = await checkStoreClock(store, () => noon, never).then(
        () => null,
        (error: unknown) => isFailure(error) && error.code,
      );
      expect(code).toBe(fits ? null : "store/clock");
    }
  });

  it("are not blamed for the time that asking took", async () => {
    const clock = new ManualClock(noon);
    const slow = {
      name: storeName.parse("dubai"),
      clock: async () => {
        const theirs = clock.now();
        clock.advance(3_600_000);
        return theirs;
      },
    };
    await expect(checkStoreClock(slow, () => clock.now(), never)).resolves.toBeUndefined();
  });

  it("of a source may lag on a standby and never lead", () => {
    const at = (ms: number): Date => new Date(noon.getTime() + ms);
    expect(() =>
      checkSourceClock({ at: at(-400_000), askedAt: noon, openedAt: noon, standby: true }),
    ).not.toThrow();
    expect(() =>
      checkSourceClock({ at: at(-400_000), askedAt: noon, openedAt: noon, standby: false }),
    ).toThrow("behind");
    expect(() => checkSourceClock({ at: at(400_000), askedAt: noon, openedAt: noon, standby: true })).toThrow(
      "ahead",
    );
    const waited = { askedAt: at(-900_000), openedAt: noon, standby: false };
    expect(() => checkSourceClock({ at: at(-800_000), ...waited })).not.toThrow();
    expect(isFromFuture(at(300_001).toISOString(), noon)).toBe(true);
    expect(isFromFuture(at(300_000).toISOString(), noon)).toBe(false);
  });
});

describe("fetching an object", () => {
  /** A bucket with versions, over whose object somebody has written garbage, or that somebody has deleted. */
  function versioned(current: Buffer | null, older: Buffer): ObjectReader {
    const store = memoryStore("dubai");
    if (current !== null) store.overwrite(key, current);
    return {
      name: store.name,
      stat: store.stat.bind(store),
      list: store.list.bind(store),
      clock: store.clock.bind(store),
      read: async (of, options, wait) => (options.version === "1" ? older : store.read(of, options, wait)),
      versions: async () => [
        ...(current === null
          ? []
          : [{ key, bytes: current.length, modifiedAt: noon, version: "2", current: true }]),
        { key, bytes: older.length, modifiedAt: noon, version: "1", current: false },
      ],
    };
  }

  it("falls back to an older version with the right digest, behind garbage and behind a deletion", async () => {
    for (const current of [Buffer.from("garbage"), null]) {
      expect(await fetchFrom(versioned(current, good), wanted, never)).toEqual(good);
    }
    expect(
      await fetchFrom(versioned(Buffer.from("garbage"), Buffer.from("THE RIGHT BYTES")), wanted, never),
    ).toBe("altered");
  });

  it("says of several stores what is worse: not asked, then altered, then absent", async () => {
    const [absent, altered, down] = [memoryStore("a"), memoryStore("b"), faulty(memoryStore("c"))];
    altered.overwrite(key, Buffer.from("garbage"));
    down.isDown();
    const codeOf = async (...stores: readonly ObjectReader[]): Promise<unknown> =>
      fetchWhole(stores, wanted, () => undefined, never).catch((error: unknown) => error);
    expect(await codeOf(absent)).toMatchObject({ code: "store/absent" });
    expect(await codeOf(absent, altered)).toMatchObject({ code: "store/corrupt" });
    expect(await codeOf(altered, down)).toMatchObject({ code: "store/unreachable" });
  });

  it("never reads more than the object is long", async () => {
    const store = memoryStore("dubai");
    store.overwrite(key, Buffer.alloc(10_000_000));
    expect(await fetchFrom(store, wanted, never)).toBe("altered");
  });
});

describe("putting an object", () => {
  const shelf = (store: MemoryStore) => ({ store, lock: null });

  it("takes a key that holds these very bytes for its own, and no other", async () => {
    const store = memoryStore("dubai");
    const object = { ...wanted, body: good, lockedUntil: null };
    await putWhole(shelf(store), object, never);
    await expect(putWhole(shelf(store), object, never)).resolves.toBeUndefined();
    store.overwrite(key, Buffer.from("garbage"));
    await expect(putWhole(shelf(store), object, never)).rejects.toMatchObject({ code: "store/corrupt" });
    expect(store.bodyOf(key).toString()).toBe("garbage");
  });
});

describe("shelves", () => {
  const shelves = (quorum: number): { readonly set: Shelves; readonly told: StoreName[] } => {
    const told: StoreName[] = [];
    const all = ["a", "b", "c"].map((name) => ({ store: memoryStore(name), lock: null }));
    return { set: new Shelves(all, quorum, (store) => told.push(store)), told };
  };

  it("go on without a store that failed, and tell of it once", async () => {
    const { set, told } = shelves(2);
    for (const _ of [1, 2]) {
      await set.each(async ({ store }) => {
        if (store.name === "b") throw new Failure("store/full", "put");
      }, never);
    }
    set.fail(storeName.parse("b"), new Failure("store/full", "again"));
    expect(set.live.map(({ store }) => store.name)).toEqual(["a", "c"]);
    expect(told).toEqual(["b"]);
  });

  it("throw what is no store's doing as it is", async () => {
    const { set } = shelves(1);
    for (const code of ["backup/overtaken", "policy/refused", "internal/bug"] as const) {
      const work = set.each(async () => Promise.reject(new Failure(code, "no")), never);
      await expect(work).rejects.toMatchObject({ code });
    }
    expect(set.failures.size).toBe(0);
  });

  it("need more stores than they were given when the quorum is larger", async () => {
    const { set } = shelves(4);
    await expect(set.each(async () => {}, never)).rejects.toMatchObject({ code: "store/quorum" });
  });
});

describe("locks", () => {
  const lines = (lockedUntil: string | undefined) => ({
    key,
    bytes: 1,
    sha256: wanted.sha256,
    ...(lockedUntil === undefined ? {} : { lockedUntil }),
  });

  it("are written for half as long again as asked, and reused while the time asked for is left", () => {
    const store = memoryStore("dubai");
    const day = 86_400_000;
    const locks = lockTimes([{ store, lock: { mode: "governance", keepMs: 10 * day } }], noon);
    expect(locks?.chunksUntil.getTime()).toBe(noon.getTime() + 15 * day);
    const after = (days: number): boolean => {
      const later = lockTimes(
        [{ store, lock: { mode: "governance", keepMs: 10 * day } }],
        new Date(noon.getTime() + days * day),
      );
      return lockedLongEnough(lines(locks?.chunksUntil.toISOString()), later);
    };
    expect([after(0), after(5), after(6)]).toEqual([true, true, false]);
    expect(lockedLongEnough(lines(undefined), locks)).toBe(false);
    expect(lockedLongEnough(lines(undefined), lockTimes([{ store, lock: null }], noon))).toBe(true);
  });
});

describe("the tenants a store knows", () => {
  it("are each found by one key, also those whose names begin alike", async () => {
    const store = faulty(
      (() => {
        const disk = memoryStore("dubai");
        for (const tenant of ["acme", "acme-x", "acme0", "bravo"]) {
          for (const part of ["chunks/1/ab/x", "keys/1.jws", "proofs/y"])
            disk.overwrite(`tenants/${tenant}/${part}`, good);
        }
        disk.overwrite("holdfast.json", good);
        disk.overwrite("tenants/UPPER/x", good);
        return disk;
      })(),
    );
    const found = await Array.fromAsync(storedTenants(store, never));
    expect(found.toSorted()).toEqual(["acme", "acme-x", "acme0", "bravo"]);
    expect(store.calls.length).toBeLessThan(8);
  });
});

describe("a manifest", () => {
  const owner = { tenant: tenantId.parse("acme"), backup: backupId.parse("20261121T120000Z-aaaaaa") };

  it("that is of a newer version is told from a broken one", () => {
    const decode = (value: unknown): unknown => {
      try {
        return decodeManifest(Buffer.from(JSON.stringify(value)), owner);
      } catch (error) {
        return error;
      }
    };
    expect(decode({ format: { name: "holdfast-manifest", version: 2 } })).toMatchObject({
      code: "format/unknown",
    });
    expect(decode({ format: { name: "holdfast-manifest", version: 1 } })).toMatchObject({
      code: "format/invalid",
    });
    expect(() => decodeManifest(Buffer.from([0xff, 0x00]), owner)).toThrow("not JSON");
  });
});
