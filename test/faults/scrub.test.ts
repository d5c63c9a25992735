/** A scrub finds every damaged and missing object without any key, believes nobody else's findings, and keeps to its pace (promise 9, traps 22, 23). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ByteRate } from "../../src/base/byte-rate.ts";
import { Failure } from "../../src/base/failure.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { type BackupId, objectKey } from "../../src/model/ids.ts";
import {
  descriptorKey,
  erasedKey,
  findingsPrefix,
  inventoryKey,
  manifestKey,
  recordKey,
} from "../../src/model/layout.ts";
import { tenantStates } from "../../src/repository/states.ts";
import type { ScrubDesk } from "../../src/scrub/scrub.ts";
import type { ScrubReport } from "../../src/scrub/report.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach, scrubIn } from "../support/replication-fixture.ts";
import { buildHouse, descriptorOf, type House, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backup: BackupId;

const table = rows(23, 1_500_000);

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  ({ backup } = await house.backUp([dubai, frankfurt], { rows: table }));
  house.clock.advance(60_000);
});

async function scrubbed(store: WholeStore, changes: Partial<ScrubDesk> = {}): Promise<ScrubReport> {
  const stores = [dubai, frankfurt].map((one) => (one.name === store.name ? store : one));
  const report = await scrubIn(house, store.name, stores, changes);
  house.clock.advance(60_000);
  return report;
}

function flip(store: MemoryStore, key: string): void {
  const body = store.bodyOf(key);
  body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1);
  store.overwrite(key, body);
}

async function stateIn(store: MemoryStore): Promise<string | undefined> {
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return backups.find((one) => one.backup === backup)?.copies.get(store.name)?.state;
}

describe("a whole store", () => {
  it("is read once, every object of it, and nothing is stated", async () => {
    await house.backUp([dubai, frankfurt], { rows: table });
    house.clock.advance(60_000);
    const watched = faulty(frankfurt);
    const report = await scrubbed(watched);
    expect(report).toMatchObject({ damaged: 0, missing: 0, findingsIn: [], notes: [] });
    const reads = watched.calls.filter(({ operation }) => operation === "read").map(({ key }) => key);
    for (const key of frankfurt.keys()) expect(reads).toContain(key);
    const chunks = reads.filter((key) => key.includes("/chunks/"));
    expect(new Set(chunks).size).toBe(chunks.length);
    expect(report.whole).toBe(frankfurt.keys().length);
    const lying = frankfurt.keys().map((key) => frankfurt.bodyOf(key).length);
    expect(report.bytes).toBe(lying.reduce((sum, bytes) => sum + bytes, 0));
  });
});

describe("damage", () => {
  it.each(["chunk", "manifest", "inventory", "record", "key statement", "key identity", "key id"] as const)(
    "of a %s is found, stated in every store, healed and withdrawn",
    async (kind) => {
      const key = oneOfEach(frankfurt, backup)[kind] ?? objectKey.parse("none");
      const before = frankfurt.bodyOf(key);
      flip(frankfurt, key);
      const report = await scrubbed(frankfurt);
      expect(report).toMatchObject({ damaged: 1, missing: 0, damagedKeys: [key] });
      expect(report.findingsIn).toEqual(["dubai", "frankfurt"]);
      expect(await stateIn(frankfurt)).toBe("damaged");
      expect(await stateIn(dubai)).toBe("present");
      const healed = await healIn(house, frankfurt.name, [dubai, frankfurt]);
      expect(healed.unhealed).toEqual([]);
      expect(frankfurt.bodyOf(key).equals(before)).toBe(true);
      house.clock.advance(60_000);
      const whole = frankfurt.keys().length;
      expect(await scrubbed(frankfurt)).toMatchObject({ damaged: 0, missing: 0, whole });
      expect(await stateIn(frankfurt)).toBe("present");
    },
  );

  it("of several objects is told in the order of their keys, though the newest backup is read first", async () => {
    const { backup: newer } = await house.backUp([dubai, frankfurt], { rows: table });
    house.clock.advance(60_000);
    const both = [backup, newer];
    const gone = both.map((one) => manifestKey(house.tenant, one));
    const bad = both.map((one) => inventoryKey(house.tenant, one));
    for (const key of gone) frankfurt.lose(key);
    for (const key of bad) flip(frankfurt, key);
    const report = await scrubbed(frankfurt);
    expect(report).toMatchObject({ missing: 2, missingKeys: gone, damaged: 2, damagedKeys: bad });
  });

  it("of an inventory in every store is told as such, and what it named as unknown", async () => {
    const key = inventoryKey(house.tenant, backup);
    for (const store of [dubai, frankfurt]) flip(store, key);
    const report = await scrubbed(frankfurt);
    expect(report).toMatchObject({ damagedKeys: [key], missing: 0 });
    expect(report.notes).toEqual([expect.stringMatching(`^the objects of ${backup} are unknown: `)]);
  });

  it("that is known is not stated again", async () => {
    flip(frankfurt, oneOfEach(frankfurt, backup)["chunk"] ?? "");
    await scrubbed(frankfurt);
    const again = await scrubbed(frankfurt);
    expect(again).toMatchObject({ damaged: 1, findingsIn: [] });
  });

  it("that is gone by the next scrub is withdrawn without a heal", async () => {
    const key = oneOfEach(frankfurt, backup)["chunk"] ?? "";
    flip(frankfurt, key);
    await scrubbed(frankfurt);
    flip(frankfurt, key);
    const again = await scrubbed(frankfurt);
    expect(again).toMatchObject({ damaged: 0, recovered: 1, findingsIn: ["dubai", "frankfurt"] });
    expect(await stateIn(frankfurt)).toBe("present");
  });

  it("that is gone by the next scrub is withdrawn also where the store has another name by then", async () => {
    frankfurt.overwrite(descriptorKey, descriptorOf(frankfurt));
    const key = oneOfEach(frankfurt, backup)["chunk"] ?? "";
    flip(frankfurt, key);
    await scrubbed(frankfurt);
    flip(frankfurt, key);
    frankfurt = frankfurt.copy("left");
    expect(await stateIn(frankfurt)).toBe("damaged");
    expect(await scrubbed(frankfurt)).toMatchObject({ recovered: 1, findingsIn: ["dubai", "left"] });
    expect(await stateIn(frankfurt)).toBe("present");
  });

  it("in a store whose id is read otherwise each time is reported, and why it is stated nowhere", async () => {
    frankfurt.overwrite(descriptorKey, descriptorOf(frankfurt));
    const key = oneOfEach(frankfurt, backup)["chunk"] ?? "";
    flip(frankfurt, key);
    const shortened = faulty(frankfurt);
    shortened.every("read", descriptorKey).truncatesTo(7);
    const report = await scrubbed(shortened);
    expect(report).toMatchObject({ damagedKeys: [key], findingsIn: [] });
    expect(report.notes).toEqual([expect.stringContaining("cannot be bound to frankfurt: holdfast.json")]);
  });

  it.each(["chunk", "manifest", "inventory", "key statement", "key identity", "key id"] as const)(
    "of a %s that is missing is told, and heal finds it in the listing",
    async (kind) => {
      const key = oneOfEach(frankfurt, backup)[kind] ?? "";
      frankfurt.lose(key);
      expect(await scrubbed(frankfurt)).toMatchObject({ damaged: 0, missing: 1, missingKeys: [key] });
      expect((await healIn(house, frankfurt.name, [dubai, frankfurt])).healed).toBe(1);
    },
  );

  it("of a document that somebody else put there is found", async () => {
    const forged = objectKey.parse(`${findingsPrefix(house.tenant)}20261121T120000Z-frankfurt.jws`);
    frankfurt.overwrite(forged, Buffer.from("not signed"));
    expect(await scrubbed(frankfurt)).toMatchObject({ damaged: 1, damagedKeys: [forged] });
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report.unhealed).toMatchObject([{ key: forged, mayReturn: false }]);
  });
});

describe("without any key", () => {
  it("the same damage is found; it is reported, and stated nowhere", async () => {
    const key = oneOfEach(frankfurt, backup)["manifest"] ?? "";
    flip(frankfurt, key);
    const report = await scrubbed(frankfurt, { signer: null });
    expect(report).toMatchObject({ damagedKeys: [key], findingsIn: [] });
    expect(report.notes).toEqual(["findings are not stated: this host signs nothing"]);
  });

  it("that anybody trusts nothing is stated, and why is told", async () => {
    flip(frankfurt, oneOfEach(frankfurt, backup)["chunk"] ?? "");
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const report = await scrubbed(frankfurt, { signer: stranger });
    expect(report.findingsIn).toEqual([]);
    expect(report.notes[0]).toContain("nobody would believe");
    expect(frankfurt.keys().some((one) => one.startsWith(findingsPrefix(house.tenant)))).toBe(false);
  });
});

describe("what is no damage", () => {
  it("are the objects of a backup that was pruned while it was scrubbed", async () => {
    const each = oneOfEach(frankfurt, backup);
    const pruned = faulty(frankfurt);
    const prune = async (): Promise<void> => {
      await pruned.reaches("read", "inventory.zst");
      frankfurt.lose(recordKey(house.tenant, backup));
      frankfurt.lose(each["manifest"] ?? "");
    };
    const [report] = await Promise.all([scrubbed(pruned), prune()]);
    expect(report).toMatchObject({ damaged: 0, missing: 0 });
  });

  it("is a record that goes between two looks at it", async () => {
    const place = recordKey(house.tenant, backup);
    const pruned = faulty(frankfurt);
    let reads = 0;
    pruned.every("read", place).does(() => {
      reads += 1;
      if (reads === 2) frankfurt.lose(place);
    });
    expect(await scrubbed(pruned)).toMatchObject({ damaged: 0, missing: 0 });
    expect(reads).toBeGreaterThan(1);
  });

  it("is an erased tenant: it is refused", async () => {
    const grave = {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: house.clock.now().toISOString(),
    };
    dubai.overwrite(erasedKey(house.tenant), await house.signer.sign("removal", grave));
    await expect(scrubbed(frankfurt)).rejects.toMatchObject({ code: "policy/refused" });
  });
});

describe("a store that fails on the way", () => {
  it("fails the scrub, and what was found by then is stated", async () => {
    flip(frankfurt, oneOfEach(frankfurt, backup)["inventory"] ?? "");
    const broken = faulty(frankfurt);
    broken.every("read", "/chunks/").failsWith("store/unreachable");
    await expect(scrubbed(broken)).rejects.toMatchObject({ code: "store/unreachable" });
    expect(dubai.keys().some((key) => key.startsWith(findingsPrefix(house.tenant)))).toBe(true);
  });

  it("elsewhere holds up nothing", async () => {
    const key = oneOfEach(frankfurt, backup)["chunk"] ?? "";
    flip(frankfurt, key);
    const away = faulty(dubai);
    away.isDown();
    const report = await scrubIn(house, frankfurt.name, [away, frankfurt]);
    expect(report).toMatchObject({ damagedKeys: [key], findingsIn: ["frankfurt"] });
    expect(report.notes.length).toBeGreaterThan(0);
  });

  it("that cannot be asked what was said of the tenant fails it before anything is read", async () => {
    const broken = faulty(frankfurt);
    broken.every("list", findingsPrefix(house.tenant)).failsWith("store/unreachable");
    await expect(scrubbed(broken)).rejects.toMatchObject({ code: "store/unreachable" });
    const reads = broken.calls.filter(
      ({ operation, key }) => operation === "read" && key.includes("/chunks/"),
    );
    expect(reads).toEqual([]);
  });
});

describe("the pace", () => {
  it("is kept: so many bytes take so long", async () => {
    let nowMs = 0;
    const pacing = {
      monotonicMs: () => nowMs,
      pause: async (ms: number) => {
        nowMs += ms;
      },
    };
    const rate = new ByteRate(() => 65_536, pacing);
    const report = await scrubbed(frankfurt, { rate, monotonicMs: pacing.monotonicMs });
    const largest = Math.max(...frankfurt.keys().map((key) => frankfurt.bodyOf(key).length));
    expect(report.seconds).toBeGreaterThanOrEqual((report.bytes - largest) / 65_536);
    expect(report.seconds).toBeLessThan((report.bytes * 1.2) / 65_536);
  });
});

describe("a clock that is off", () => {
  const year = 365 * 86_400_000;

  it.each([
    ["ahead", year],
    ["behind", -year],
  ])("a year %s fails the scrub before anything is read", async (_, ms) => {
    flip(dubai, chunkOf(dubai));
    const truth = house.clock.now();
    const watched = faulty(ownTime(dubai, truth));
    house.clock.advance(ms);
    await expect(scrubbed(watched)).rejects.toMatchObject({ code: "store/clock" });
    house.clock.advance(-ms - 60_000);
    expect(watched.calls.filter(({ operation }) => operation === "read")).toEqual([]);
    expect(findingsOf(dubai)).toEqual([]);
  });

  it("that was set meanwhile leaves what was found unstated, and told", async () => {
    flip(dubai, chunkOf(dubai));
    const steady = ownTime(dubai, house.clock.now());
    const rate = new ByteRate(() => {
      if (house.clock.now().getTime() < Date.parse("2100-01-01")) house.clock.advance(100 * year);
      return null;
    });
    const report = await scrubbed(steady, { rate });
    house.clock.advance(-100 * year);
    expect(report).toMatchObject({ damaged: 1, findingsIn: [] });
    expect(report.notes.join()).toContain("are not stated: the clock of dubai and this host's are");
    expect(findingsOf(dubai)).toEqual([]);
    // Right again, it is stated.
    expect(await scrubbed(dubai)).toMatchObject({ damaged: 1, findingsIn: ["dubai", "frankfurt"] });
  });

  it("that a store cannot tell keeps nobody from reading", async () => {
    const silent = changedClock(dubai, () => Promise.reject(new Failure("store/full", "no room")));
    expect(await scrubbed(silent)).toMatchObject({ damaged: 0, missing: 0 });
  });
});

function changedClock(store: MemoryStore, clock: () => Promise<Date>): WholeStore {
  return new Proxy<WholeStore>(store, {
    get: (target, name) => {
      if (name === "clock") return clock;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function ownTime(store: MemoryStore, at: Date): WholeStore {
  return changedClock(store, () => Promise.resolve(at));
}

function chunkOf(store: MemoryStore): string {
  return store.keys().find((key) => key.includes("/chunks/")) ?? "";
}

function findingsOf(store: MemoryStore): string[] {
  return store.keys().filter((key) => key.startsWith(findingsPrefix(house.tenant)));
}
