/** The small rules of the repository: clocks, chains, versions, quorum, locks, and which tenants a store knows. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ManualClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { Failure, isFailure } from "../../src/base/failure.ts";
import { readGood } from "../../src/keys/read-good.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner, createTrustRing } from "../../src/keys/signing.ts";
import {
  backupId,
  type ObjectKey,
  objectKey,
  type StoreName,
  storeName,
  tenantId,
} from "../../src/model/ids.ts";
import { checkSourceClock, checkStoreClock, isFromFuture } from "../../src/repository/clocks.ts";
import { documentBytesMax, fetchFrom, fetchWhole } from "../../src/repository/fetch.ts";
import { lockedLongEnough, lockTimes } from "../../src/repository/locks.ts";
import type { Manifest } from "../../src/model/manifest.ts";
import { decodeManifest, encodeManifest } from "../../src/repository/manifest.ts";
import { putWhole } from "../../src/repository/put.ts";
import { settle } from "../../src/repository/settle.ts";
import { Shelves } from "../../src/repository/shelves.ts";
import { readSigned } from "../../src/repository/signed.ts";
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
  });

  it("of who wrote and who reads may each be off, one ahead and one behind", () => {
    const at = (ms: number): string => new Date(noon.getTime() + ms).toISOString();
    expect(isFromFuture(at(600_001), noon)).toBe(true);
    expect(isFromFuture(at(600_000), noon)).toBe(false);
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

  it("falls back to it too where the current one reads otherwise each time, and else accuses nobody", async () => {
    const store = versioned(Buffer.from("garbage"), good);
    let looks = 0;
    const spoiling: ObjectReader = {
      ...store,
      read: async (of, options, wait) => {
        looks += 1;
        return options.version === "1"
          ? store.read(of, options, wait)
          : Buffer.from(`spoilt ${String(looks)}`);
      },
    };
    expect(await fetchFrom(spoiling, wanted, never)).toEqual(good);
    expect(looks).toBe(4);
    const same = async (body: Buffer): Promise<number> => {
      if (!body.equals(good)) throw new Failure("store/corrupt", "other bytes");
      return body.length;
    };
    expect(await readGood(spoiling, key, same, never)).toBe(good.length);
    const none: ObjectReader = { ...spoiling, versions: async () => [] };
    const spoilt = { code: "store/protocol", message: expect.stringContaining("in another way each time") };
    await expect(fetchFrom(none, wanted, never)).rejects.toMatchObject(spoilt);
    await expect(readGood(none, key, same, never)).rejects.toMatchObject(spoilt);
    // The current one is garbage for good, but the older one may be whole.
    const olderSpoilt: ObjectReader = {
      ...store,
      read: async (of, options, wait) =>
        options.version === "1"
          ? Buffer.from(`THE RIGHT ${String((looks += 1)).padStart(5)}`)
          : store.read(of, options, wait),
    };
    await expect(fetchFrom(olderSpoilt, wanted, never)).rejects.toMatchObject(spoilt);
    await expect(readGood(olderSpoilt, key, same, never)).rejects.toMatchObject(spoilt);
  });

  it("that is signed, too", async () => {
    const { privateJwk, publicJwk } = await newSigningKey();
    const signed = Buffer.from(await (await createSigner(privateJwk)).sign("proof", { is: "good" }));
    const trust = await createTrustRing([{ jwk: publicJwk, may: ["proof"] }]);
    const schema = z.object({ is: z.string() });
    const form = { purpose: "proof", schema, trust, misplaced: () => null } as const;
    const store = versioned(Buffer.from("garbage"), signed);
    let looks = 0;
    const spoiling: ObjectReader = {
      ...store,
      read: async (_of, options) => {
        looks += 1;
        return options.version === "1" ? signed : Buffer.from(`spoilt ${String(looks)}`);
      },
    };
    expect(await readSigned(spoiling, key, form, never)).toMatchObject({ kind: "good" });
    await expect(
      readSigned({ ...spoiling, versions: async () => [] }, key, form, never),
    ).rejects.toMatchObject({
      code: "store/protocol",
    });
  });

  it("that is signed by nobody we know is read again, since the name of the signer may be what was spoilt", async () => {
    const { privateJwk, publicJwk } = await newSigningKey();
    const trust = await createTrustRing([{ jwk: publicJwk, may: ["proof"] }]);
    const form = { purpose: "proof", schema: z.unknown(), trust, misplaced: () => null } as const;
    const signed = Buffer.from(await (await createSigner(privateJwk)).sign("proof", {}));
    const others = Buffer.from(
      await (await createSigner((await newSigningKey()).privateJwk)).sign("proof", {}),
    );
    const bodies = [others, signed, signed];
    const store: ObjectReader = {
      ...versioned(signed, signed),
      read: async () => bodies.shift() ?? signed,
      versions: async () => [],
    };
    expect(await readSigned(store, key, form, never)).toMatchObject({ kind: "good" });
    const strange = { ...store, read: async () => others };
    expect(await readSigned(strange, key, form, never)).toMatchObject({ kind: "bad", reason: "signer" });
  });

  it("that is signed is looked for in no older version that is longer than any document", async () => {
    const trust = await createTrustRing([]);
    const form = { purpose: "proof", schema: z.unknown(), trust, misplaced: () => null } as const;
    const read: (string | undefined)[] = [];
    const store = versioned(Buffer.from("garbage"), Buffer.alloc(documentBytesMax + 1));
    const noted: ObjectReader = {
      ...store,
      read: async (of, options, wait) => {
        read.push(options.version);
        return store.read(of, options, wait);
      },
    };
    expect(await readSigned(noted, key, form, never)).toMatchObject({ kind: "bad" });
    expect(read).not.toContain("1");
  });

  it("says of several stores what is worse: not asked, then altered, then absent", async () => {
    const [absent, altered, down] = [memoryStore("a"), memoryStore("b"), faulty(memoryStore("c"))];
    altered.overwrite(key, Buffer.from("garbage"));
    down.isDown();
    const codeOf = async (...stores: readonly ObjectReader[]): Promise<unknown> =>
      fetchWhole(stores, wanted, {}, never).catch((error: unknown) => error);
    expect(await codeOf(absent)).toMatchObject({ code: "store/absent" });
    expect(await codeOf(absent, altered)).toMatchObject({ code: "store/corrupt" });
    expect(await codeOf(altered, down)).toMatchObject({ code: "store/unreachable" });
  });

  it("never reads more than the object is long", async () => {
    const store = memoryStore("dubai");
    store.overwrite(key, Buffer.alloc(10_000_000));
    expect(await fetchFrom(store, wanted, never)).toBe("altered");
  });

  it("accuses no store of an object that one read did not find and the next one finds", async () => {
    const store = memoryStore("dubai");
    store.overwrite(key, good);
    let reads = 0;
    const forgetful: ObjectReader = {
      name: store.name,
      stat: (of, wait) => store.stat(of, wait),
      read: async (...asked) => {
        reads += 1;
        if (reads === 1) throw new Failure("store/absent", "there is no such object");
        return store.read(...asked);
      },
      list: (prefix, wait, after) => store.list(prefix, wait, after),
      versions: (of, wait) => store.versions(of, wait),
      clock: (wait) => store.clock(wait),
    };
    expect(await fetchFrom(forgetful, wanted, never)).toEqual(good);
    expect(reads).toBe(2);
    expect(await fetchFrom(memoryStore("lahore"), wanted, never)).toBe("absent");
  });

  it("accuses no store of bytes that were too many in passing, though each time in the same words", async () => {
    const store = memoryStore("dubai");
    store.overwrite(key, good);
    const tooMany: ObjectReader = {
      name: store.name,
      stat: (of, wait) => store.stat(of, wait),
      read: () => Promise.reject(new Failure("store/corrupt", "dubai sent more than it announced")),
      list: (prefix, wait, after) => store.list(prefix, wait, after),
      versions: (of, wait) => store.versions(of, wait),
      clock: (wait) => store.clock(wait),
    };
    const spoilt = { code: "store/protocol" };
    await expect(fetchFrom(tooMany, wanted, never)).rejects.toMatchObject(spoilt);
    const trust = await createTrustRing([]);
    const form = { purpose: "proof", schema: z.unknown(), trust, misplaced: () => null } as const;
    await expect(readSigned(tooMany, key, form, never)).rejects.toMatchObject(spoilt);
    // Nor where the current one is too long for good, and an older one in passing.
    const older: ObjectReader = {
      ...tooMany,
      stat: async () => ({ key, bytes: 17_000_000, modifiedAt: noon }),
      versions: async () => [
        { key, bytes: 17_000_000, modifiedAt: noon, version: "2", current: true },
        { key, bytes: good.length, modifiedAt: noon, version: "1", current: false },
      ],
    };
    await expect(fetchFrom(older, wanted, never)).rejects.toMatchObject(spoilt);
    await expect(fetchFrom(older, { ...wanted, bytes: null }, never)).rejects.toMatchObject(spoilt);
    await expect(readSigned(older, key, form, never)).rejects.toMatchObject(spoilt);
    // Where it really is too long, the store is to be told so.
    store.overwrite(key, Buffer.alloc(documentBytesMax + 1));
    expect(await readSigned(store, key, form, never)).toMatchObject({ kind: "bad", reason: "malformed" });
  });
});

describe("the last look at a store", () => {
  it("takes none whose clock cannot be told for want of what dates it", async () => {
    const { publicJwk } = await newSigningKey();
    const trust = await createTrustRing([{ jwk: publicJwk, may: ["removal"] }]);
    const shelves = new Shelves([{ store: memoryStore("dubai"), lock: null }], 1, () => undefined);
    const look = {
      tenant: tenantId.parse("acme"),
      lines: [],
      reused: new Set<ObjectKey>(),
      before: new Map(),
    };
    const dated = { key, notBefore: noon };
    await expect(
      settle({ ...look, shelves, dated, trust, clock: new ManualClock(noon) }, never),
    ).rejects.toMatchObject({ code: "store/quorum", cause: { code: "store/absent" } });
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

  it("that nobody could open again is not written, by its bytes and not by its letters", () => {
    const said = { tenant: "ü".repeat(60), streams: [], fingerprint: { tables: [] } };
    const content: Manifest = Object.assign(Object.create(null), said);
    const bytes = encodeManifest(content).length;
    expect(bytes).toBeGreaterThan(JSON.stringify(content).length);
    expect(encodeManifest(content, bytes)).toHaveLength(bytes);
    const tooLong = /would be longer than \d+ bytes: 0 tables/;
    expect(() => encodeManifest(content, bytes - 1)).toThrow(tooLong);
    // As the engine says it of a text that is longer than any may be.
    const toJSON = (): never => {
      throw new RangeError("Invalid string length");
    };
    const endless = { ...content, toJSON };
    expect(() => encodeManifest(endless)).toThrow(tooLong);
  });
});
