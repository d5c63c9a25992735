/** A prune removes what nothing needs, in two steps, and nothing else, whatever goes wrong around it (promises 1 and 6; traps 26, 27, 28). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Failure, isFailure } from "../../src/base/failure.ts";
import { type BackupId, backupId, holdId, objectKey, tenantId } from "../../src/model/ids.ts";
import {
  chunkKey,
  erasedKey,
  inventoryKey,
  parseChunkKey,
  proofKey,
  proofsPrefix,
  recordKey,
} from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import type { TrustRing } from "../../src/keys/signing.ts";
import { around } from "../../src/stores/around.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, never, rows } from "../support/repository-fixture.ts";
import { holdRelease, holdStatement } from "../../src/model/documents.ts";
import { keyOfHold } from "../../src/repository/holds.ts";
import { faulty } from "../support/faulty-store.ts";
import { pruneOrder } from "../support/prune-order.ts";
import { dayMs, daysOfBackups, hourMs, pass, prove, pruneNow } from "../support/retention-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let made: BackupId[];
let grown: { readonly dubai: MemoryStore; readonly frankfurt: MemoryStore };
let startedAt: Date;

beforeAll(async () => {
  house = await buildHouse();
  const stores = await described(
    house,
    memoryStore("dubai", house.clock),
    memoryStore("frankfurt", house.clock),
  );
  made = await daysOfBackups(
    house,
    stores,
    [1, 2, 3, 4, 5].map((day) => ({ fixed: rows(99, 300_000), moving: rows(day, 200_000) })),
  );
  const [one, two] = stores;
  if (one === undefined || two === undefined) throw new Error("two stores were made");
  grown = { dubai: one, frankfurt: two };
  startedAt = house.clock.now();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  house.clock.advance(startedAt.getTime() - house.clock.now().getTime());
  dubai = grown.dubai.copy();
  frankfurt = grown.frankfurt.copy();
});

function chunksIn(store: MemoryStore): string[] {
  return store.keys().filter((key) => parseChunkKey(key) !== null);
}

const neverMade = backupId.parse("20200101T000000Z-aaaaaa");
const bravo = tenantId.parse("bravo");
const untrusted = new Failure("keys/signature", "the signer is unknown");

/** The same objects, locked by a store that was told to. */
async function lockedCopy(store: MemoryStore, until: Date): Promise<MemoryStore> {
  const locked = memoryStore(store.name, house.clock);
  for (const key of store.keys()) {
    await locked.create(key, store.bodyOf(key), { lock: { mode: "governance", until } }, never);
  }
  return locked;
}

function broken(): string[] {
  return [...brokenPromises(dubai), ...brokenPromises(frankfurt)];
}

describe("a prune", () => {
  it("takes the records away at once and the objects after the grace time, of what nothing else names", async () => {
    const before = chunksIn(dubai).length;
    const first = await pruneNow(house, [dubai, frankfurt]);
    expect(first).toMatchObject({ state: "pruned", backups: 5, freed: { objects: 0 } });
    expect(first.removed.map(({ backup }) => backup)).toEqual(made.slice(0, 3).toReversed());
    expect(recordsIn(dubai)).toEqual(made.slice(3));
    expect(chunksIn(dubai)).toHaveLength(before);
    expect(first.condemned.objects).toBeGreaterThan(6);

    pass(house.clock, graceMs - 1000);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({
      freed: { objects: 0 },
      condemned: { objects: 0 },
      waiting: first.condemned.objects / 2,
    });

    pass(house.clock, 1000);
    const last = await pruneNow(house, [dubai, frankfurt]);
    expect(last.freed).toEqual(first.condemned);
    expect(chunksIn(dubai).length).toBeLessThan(before);
    expect(chunksIn(dubai)).toEqual(chunksIn(frankfurt));
    for (const backup of made.slice(0, 3)) {
      expect(dubai.keys().filter((key) => key.includes(backup))).toEqual([]);
    }
    expect(broken()).toEqual([]);
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({
      removed: [],
      condemned: { objects: 0 },
      freed: { objects: 0 },
      waiting: 0,
    });
    for (const backup of made.slice(3)) await house.open([dubai], backup);
  });

  it("leaves a chain without gaps to whoever reads it afterwards", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    const states = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    expect(states.gaps).toEqual([]);
    expect(states.notes).toEqual([]);
    expect(states.backups.map(({ backup }) => backup)).toEqual(made.slice(3).toReversed());
  });

  it("writes nothing at all when it is dry, and tells what it would have done", async () => {
    const before = [dubai.keys(), frankfurt.keys()];
    const dry = await pruneNow(house, [dubai, frankfurt], { isDry: true });
    expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
    const wet = await pruneNow(house, [dubai, frankfurt]);
    expect(dry).toEqual(wet);
  });
});

/** Whatever stopped it, both stores hold what they held, statements of ours aside. */
async function reasonsToStop(changes: Parameters<typeof pruneNow>[2] = {}): Promise<string[]> {
  const before = [dubai.keys(), frankfurt.keys()];
  const report = await pruneNow(house, [dubai, frankfurt], changes);
  expect(report.state).toBe("stopped");
  expect(report).toMatchObject({ removed: [], freed: { objects: 0 } });
  expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
  return report.stops.map(({ reason }) => reason);
}

function alter(key: string, change: (payload: Record<string, unknown>) => object): Promise<Uint8Array> {
  const [, body = ""] = dubai.bodyOf(key).toString("latin1").split(".");
  return house.signer.sign("record", change(JSON.parse(Buffer.from(body, "base64url").toString("utf8"))));
}

describe("a prune of a tenant stops", () => {
  it("while a store is down, whatever it may hold", async () => {
    const away = faulty(frankfurt);
    away.isDown();
    const before = dubai.keys();
    const report = await pruneNow(house, [dubai, away]);
    expect(report).toMatchObject({ state: "stopped", stops: [{ reason: "store-down", store: "frankfurt" }] });
    // Also one that is none of the tenant's own: it may hold records from before.
    const own = new Set([dubai.name]);
    expect(await pruneNow(house, [dubai, away], { own })).toMatchObject({ state: "stopped" });
    expect(dubai.keys()).toEqual(before);
  });

  it("while a store shows its records and not what was proven of them", async () => {
    const away = faulty(frankfurt);
    away.every("read", "/proofs/").failsWith("store/unreachable");
    const before = dubai.keys();
    const report = await pruneNow(house, [dubai, away]);
    expect(report).toMatchObject({ state: "stopped", stops: [{ reason: "store-down", store: "frankfurt" }] });
    expect(dubai.keys()).toEqual(before);
  });

  it("when one store shows fewer records than another", async () => {
    const [, , , , newest = ""] = made;
    for (const backup of recordsIn(frankfurt)) {
      if (backup === newest) frankfurt.lose(`tenants/acme/backups/${backup}/record.jws`);
    }
    expect(await reasonsToStop()).toContain("records-missing");
  });

  it("when a record is missing from every store and nothing explains it", async () => {
    const [, , , before] = made;
    if (before === undefined) throw new Error("five were made");
    for (const store of [dubai, frankfurt]) store.lose(recordKey(house.tenant, before));
    expect(await reasonsToStop()).toContain("record-gap");
  });

  it("when a record that nobody ever tried is missing from every store, as the next one tells", async () => {
    const [, , , before = neverMade] = made;
    for (const store of [dubai, frankfurt]) {
      store.lose(recordKey(house.tenant, before));
      for (const key of store.keys())
        if (key.startsWith(`${proofsPrefix(house.tenant)}${before}/`)) store.lose(key);
    }
    expect(await reasonsToStop()).toContain("record-gap");
  });

  it("when what somebody holds is in no store, though nothing else tells that it ever was", async () => {
    const hold = holdId.parse("20261121T120000Z-aaaaaa");
    const statement = holdStatement.parse({
      format: { name: "holdfast-hold", version: 1 },
      backup: neverMade,
      tenant: house.tenant,
      hold,
      reason: "x",
      at: "2026-11-21T12:00:00Z",
      host: "h",
    });
    dubai.overwrite(keyOfHold(statement), await house.signer.sign("removal", statement));
    expect(await reasonsToStop()).toEqual(["record-gap"]);
  });

  it("when a record is of a form that nobody here knows", async () => {
    const key = recordKey(house.tenant, made[4] ?? neverMade);
    const newer = await alter(key, (record) => ({
      ...record,
      format: { name: "holdfast-record", version: 2 },
    }));
    for (const store of [dubai, frankfurt]) store.overwrite(key, newer);
    expect(await reasonsToStop()).toContain("record-unreadable");
  });

  it.each(["20269999T999999Z-aaaaaa", "20260230T000000Z-aaaaaa"])(
    "when somebody left a record under %s, which is no time",
    async (id) => {
      dubai.overwrite(recordKey(house.tenant, backupId.parse(id)), Buffer.from("garbage"));
      expect(await reasonsToStop()).toContain("record-unreadable");
    },
  );

  it("when no store has the inventory of a record", async () => {
    for (const store of [dubai, frankfurt]) store.lose(inventoryKey(house.tenant, made[4] ?? neverMade));
    expect(await reasonsToStop()).toContain("inventory-unreadable");
  });

  it("when something lies among the holds or the condemned lists that cannot be believed", async () => {
    frankfurt.overwrite("tenants/acme/holds/20260101T000000Z-aaaaaa.jws", Buffer.from("hold!"));
    expect(await reasonsToStop()).toContain("hold-unreadable");
    frankfurt.lose("tenants/acme/holds/20260101T000000Z-aaaaaa.jws");
    frankfurt.overwrite("tenants/acme/condemned/20260101T000000Z.jws", Buffer.from("all of it"));
    expect(await reasonsToStop()).toContain("list-unreadable");
  });

  it("when more would go than the plan lets go at once", async () => {
    expect(await reasonsToStop({ shareMax: 0.5 })).toContain("share");
    expect(await pruneNow(house, [dubai, frankfurt], { shareMax: 0.6 })).toMatchObject({ state: "pruned" });
  });

  it("when the plan lets none go, were it one alone", async () => {
    const places = { daily: 4, weekly: 0, monthly: 0, yearly: 0 };
    const terms = { ...pruneOrder(house, []).terms, places };
    expect(await reasonsToStop({ terms, shareMax: 0 })).toEqual(["share"]);
    expect(await pruneNow(house, [dubai, frankfurt], { terms, shareMax: 0.1 })).toMatchObject({
      state: "pruned",
    });
  });

  it("not for what an earlier prune condemned and could not take away", async () => {
    const refusing = [faulty(dubai), faulty(frankfurt)];
    for (const store of refusing) store.every("remove").failsWith("store/refused");
    await pruneNow(house, refusing, { shareMax: 0.6 });
    expect(recordsIn(dubai)).toEqual(made);
    const more = [6, 7].map((day) => ({ fixed: rows(99, 300_000), moving: rows(day, 200_000) }));
    await daysOfBackups(house, [dubai, frankfurt], more);
    // Two of the four that are left may go, or one.
    expect(await reasonsToStop({ shareMax: 0.4 })).toEqual(["share"]);
    const { state, removed } = await pruneNow(house, [dubai, frankfurt], { shareMax: 0.6 });
    expect([state, removed.map(({ backup }) => backup)]).toEqual(["pruned", made.toReversed()]);
  });

  it("where one place stands under two names", async () => {
    frankfurt.overwrite("holdfast.json", dubai.bodyOf("holdfast.json"));
    expect(await reasonsToStop()).toContain("store-doubtful");
  });

  it("where a volume is not mounted", async () => {
    dubai.lose("holdfast.json");
    expect(await reasonsToStop()).toContain("store-doubtful");
  });

  it("when the clock of a store is not to be relied on", async () => {
    const plain = around(frankfurt, {
      run: async (_call, work) => work(),
      list: (prefix, wait, after) => frankfurt.list(prefix, wait, after),
    });
    const skewed = { ...plain, clock: async () => new Date(house.clock.now().getTime() + dayMs) };
    const report = await pruneNow(house, [dubai, skewed]);
    expect(report).toMatchObject({ state: "stopped", stops: [{ reason: "store-down" }] });
  });

  it("and before that demands that its lists will be believed", async () => {
    const trust = { verify: () => Promise.reject(untrusted) };
    const failed = await pruneNow(house, [dubai, frankfurt], { trust }).catch((error: unknown) => error);
    expect(isFailure(failed, "keys/role")).toBe(true);
  });
});

describe("a prune of a tenant goes on", () => {
  it("where a store that is none of its own bears no id", async () => {
    frankfurt.lose("holdfast.json");
    const own = new Set([dubai.name]);
    expect(await pruneNow(house, [dubai, frankfurt], { own })).toMatchObject({ state: "pruned", stops: [] });
  });

  it("whatever somebody left among the proofs of a backup that never was", async () => {
    const at = house.clock.now();
    for (const store of [dubai, frankfurt]) {
      store.overwrite(
        proofKey({ tenant: house.tenant, backup: neverMade, store: dubai.name, at }),
        Buffer.from("proof!"),
      );
      store.overwrite(`${proofsPrefix(house.tenant)}${neverMade}/note.txt`, Buffer.from("a note"));
    }
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "pruned", stops: [] });
  });
});

describe("what a prune leaves alone", () => {
  it("is all of an erased tenant", async () => {
    const key = erasedKey(house.tenant);
    const format = { name: "holdfast-erased", version: 1 };
    const at = house.clock.now().toISOString();
    dubai.overwrite(key, await house.signer.sign("removal", { format, tenant: house.tenant, at }));
    const before = [dubai.keys(), frankfurt.keys()];
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "erased" });
    expect([dubai.keys(), frankfurt.keys()]).toEqual(before);
  });

  it("is what only one store says is held, until only another says it is released", async () => {
    const hold = holdId.parse("20261121T120000Z-aaaaaa");
    const rest = { tenant: house.tenant, hold, reason: "x", at: "2026-11-21T12:00:00Z", host: "h" };
    const statement = holdStatement.parse({
      format: { name: "holdfast-hold", version: 1 },
      backup: made[0],
      ...rest,
    });
    frankfurt.overwrite(keyOfHold(statement), await house.signer.sign("removal", statement));
    const held = await pruneNow(house, [dubai, frankfurt]);
    expect(held.removed.map(({ backup }) => backup)).toEqual([made[2], made[1]]);
    const release = holdRelease.parse({ format: { name: "holdfast-release", version: 1 }, ...rest });
    dubai.overwrite(keyOfHold(release), await house.signer.sign("removal", release));
    const freed = await pruneNow(house, [dubai, frankfurt]);
    expect(freed.removed.map(({ backup }) => backup)).toEqual([made[0]]);
  });

  it("is what a store of it locks, by the time at which it began", async () => {
    const lockMs = new Map([[frankfurt.name, 3.5 * dayMs]]);
    const { removed } = await pruneNow(house, [dubai, frankfurt], { lockMs });
    expect(removed.map(({ backup }) => backup)).toEqual([made[1], made[0]]);
  });

  it("is what is held between its look and the removal", async () => {
    const hold = holdId.parse("20261121T120000Z-aaaaaa");
    const statement = holdStatement.parse({
      format: { name: "holdfast-hold", version: 1 },
      tenant: house.tenant,
      hold,
      backup: null,
      reason: "x",
      at: "2026-11-21T12:00:00Z",
      host: "h",
    });
    const body = await house.signer.sign("removal", statement);
    const late = faulty(dubai);
    void late.reaches("create", "/condemned/").then(() => frankfurt.overwrite(keyOfHold(statement), body));
    const report = await pruneNow(house, [late, frankfurt]);
    expect(report).toMatchObject({
      state: "stopped",
      stops: [{ reason: "held-meanwhile" }, {}, {}],
      removed: [],
    });
    expect(recordsIn(dubai)).toEqual(made);
  });

  it("is what only a clock would have go that is set while it looks, whichever way", async () => {
    const { backup: unproven } = await house.backUp([dubai, frankfurt], { moving: rows(9, 1000) });
    pass(house.clock, dayMs);
    const { backup: proven } = await house.backUp([dubai, frankfurt], { moving: rows(10, 1000) });
    await prove(house, [dubai, frankfurt], dubai, proven);
    pass(house.clock, hourMs);
    for (const [before, after] of [
      [0, 366 * dayMs],
      [366 * dayMs, 0],
    ] as const) {
      // Right when the stores are asked for their time, which comes after the first reading of all and before any record.
      let offsetMs = before;
      const clock = { now: () => new Date(house.clock.now().getTime() + offsetMs) };
      const one = faulty(dubai);
      const until = before === 0 ? one.reaches("list", "/backups/") : one.reaches("clock");
      void until.then(() => (offsetMs = after));
      const report = await pruneNow(house, [one, frankfurt], { clock });
      expect(report.removed.map((each) => each.backup)).not.toContain(unproven);
      expect([recordsIn(dubai).includes(unproven), recordsIn(frankfurt).includes(unproven)]).toEqual([
        true,
        true,
      ]);
    }
  });

  it("is what it did not write, and what belongs to another tenant", async () => {
    const strange = [
      "tenants/acme/chunks/1/ab/notes.txt",
      "tenants/acme/backups/README",
      "tenants/acme/other/thing",
      "tenants/bravo/backups/20200101T000000Z-aaaaaa/manifest.age",
      chunkKey(bravo, { generation: 1, name: "ab".repeat(32), digest: "cd".repeat(32) }),
    ];
    for (const key of strange) dubai.overwrite(key, Buffer.from("x"));
    pass(house.clock, 2 * dayMs);
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, 2 * dayMs);
    await pruneNow(house, [dubai, frankfurt]);
    expect(dubai.keys()).toEqual(expect.arrayContaining(strange));
  });

  it("is a record whose signer nobody here knows, with all that it names", async () => {
    const newest = made[4] ?? neverMade;
    const doubted = dubai.bodyOf(recordKey(house.tenant, newest));
    const trust: TrustRing = {
      verify: async (purpose, bytes, at) => {
        if (doubted.equals(bytes)) throw untrusted;
        return house.trust.verify(purpose, bytes, at);
      },
    };
    for (let day = 0; day < 3; day += 1) {
      const report = await pruneNow(house, [dubai, frankfurt], { trust });
      expect(report.state).toBe("pruned");
      pass(house.clock, graceMs);
    }
    expect(recordsIn(dubai)).toContain(newest);
    expect(recordsIn(dubai)).toHaveLength(3);
    expect(broken()).toEqual([]);
  });

  it("is what lies in a store that the tenant no longer has, as long as a record there names it", async () => {
    const only = recordKey(house.tenant, made[1] ?? neverMade);
    const former = grown.dubai.copy("former");
    for (const store of [dubai, frankfurt]) {
      for (const backup of made.slice(0, 2)) store.lose(recordKey(house.tenant, backup));
    }
    const own = new Set([dubai.name, frankfurt.name]);
    const places = { daily: 5, weekly: 0, monthly: 0, yearly: 0 };
    const terms = { places, timeZone: "UTC", everyCopyWithinMs: dayMs };
    await pruneNow(house, [dubai, frankfurt, former], { own, terms });
    pass(house.clock, graceMs);
    const before = chunksIn(dubai);
    await pruneNow(house, [dubai, frankfurt, former], { own, terms });
    expect(former.keys()).toContain(only);
    expect(chunksIn(dubai)).toEqual(before);
  });

  it("is locked, and goes once the lock is over", async () => {
    const until = new Date(house.clock.now().getTime() + 3 * dayMs);
    const locked = await lockedCopy(frankfurt, until);
    expect(await pruneNow(house, [dubai, locked])).toMatchObject({
      state: "pruned",
      removed: [],
      lockedBackups: made.slice(0, 3).toReversed(),
    });
    expect(recordsIn(locked)).toEqual(made);
    pass(house.clock, graceMs);
    await pruneNow(house, [dubai, locked]);
    expect(broken()).toEqual([]);
    expect(brokenPromises(locked)).toEqual([]);
    expect(chunksIn(dubai)).toEqual(chunksIn(locked));
    pass(house.clock, 2 * dayMs);
    expect((await pruneNow(house, [dubai, locked])).removed).toHaveLength(3);
    pass(house.clock, graceMs);
    expect((await pruneNow(house, [dubai, locked])).freed.objects).toBeGreaterThan(0);
    expect(chunksIn(dubai)).toEqual(chunksIn(locked));
  });

  it("is a proof that found damage, beside a backup that is gone; other proofs go with their backups", async () => {
    const [victim = ""] = chunksIn(dubai);
    await prove(house, [dubai, frankfurt], dubai, made[1] ?? neverMade, "refuted", [objectKey.parse(victim)]);
    pass(house.clock, dayMs);
    const [first, second] = made;
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, graceMs);
    await pruneNow(house, [dubai, frankfurt]);
    const proofs = (of: string | undefined): number =>
      dubai.keys().filter((key) => key.includes(`/proofs/${of ?? ""}`)).length;
    expect(proofs(first)).toBe(0);
    expect(recordsIn(dubai)).not.toContain(second);
    expect(proofs(second)).toBe(6);
  });
});

describe("a prune that is broken off", () => {
  it("before every store has its list has removed nothing, and the next one goes on", async () => {
    const full = faulty(frankfurt);
    full.next("create", "/condemned/").failsWith("store/full");
    expect(await pruneNow(house, [dubai, full])).toMatchObject({
      state: "stopped",
      stops: [{ reason: "list-unwritten", store: "frankfurt" }],
    });
    expect([recordsIn(dubai), recordsIn(frankfurt)]).toEqual([made, made]);
    expect((await pruneNow(house, [dubai, full])).removed).toHaveLength(3);
  });

  it("by a full store makes room there with what is ready, and the next one goes on", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, dayMs);
    const full = faulty(frankfurt);
    full.every("create", "/condemned/").failsWith("store/full");
    const kept = recordsIn(frankfurt);
    const more = [6, 7].map((day) => ({ fixed: rows(99, 300_000), moving: rows(day, 200_000) }));
    const newer = await daysOfBackups(house, [dubai, frankfurt], more);
    const grownTo = chunksIn(frankfurt).length;
    expect(await pruneNow(house, [dubai, full])).toMatchObject({
      state: "stopped",
      stops: [{ reason: "list-unwritten", store: "frankfurt" }],
      removed: [],
    });
    expect(chunksIn(frankfurt).length).toBeLessThan(grownTo);
    expect(recordsIn(frankfurt)).toEqual([...kept, ...newer]);
    expect(broken()).toEqual([]);
    full.heals();
    expect((await pruneNow(house, [dubai, full])).removed.length).toBeGreaterThan(0);
  });

  it("between two stores leaves records that the next one takes, and no gap", async () => {
    const falling = faulty(frankfurt);
    falling.next("remove", "record.jws").failsWith("store/unreachable");
    expect(await pruneNow(house, [dubai, falling])).toMatchObject({ state: "stopped" });
    expect(recordsIn(frankfurt).length).toBeGreaterThan(recordsIn(dubai).length);
    expect(broken()).toEqual([]);
    const states = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    expect(states.gaps).toEqual([]);
    expect(await pruneNow(house, [dubai, falling])).toMatchObject({ state: "pruned" });
    expect([recordsIn(dubai), recordsIn(frankfurt)]).toEqual([made.slice(3), made.slice(3)]);
  });

  it("at any removal of objects leaves every record whole, and the next one finishes", async () => {
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, graceMs);
    for (;;) {
      const falling = faulty(dubai);
      falling.every("remove").failsAfter({ bytes: -1 });
      const other = faulty(frankfurt);
      other.next("remove").failsOnceDone();
      const report = await pruneNow(house, [falling, other]);
      expect(broken()).toEqual([]);
      if (report.stops.every(({ store }) => store !== "frankfurt")) break;
    }
    expect(await pruneNow(house, [dubai, frankfurt])).toMatchObject({ state: "pruned", waiting: 0 });
    expect(chunksIn(dubai)).toEqual(chunksIn(frankfurt));
  });
});

/** Both stores show no record newer than that of the third day, which a prune removes, until what is returned is called. */
function withholdNewest(): () => void {
  const records = made.slice(3).map((backup) => recordKey(house.tenant, backup));
  const bodies = [dubai, frankfurt].flatMap((disk) =>
    records.map((key) => ({ disk, key, body: disk.bodyOf(key) })),
  );
  for (const { disk, key } of bodies) disk.lose(key);
  return () => {
    for (const { disk, key, body } of bodies) disk.overwrite(key, body);
  };
}

describe("beside a prune", () => {
  it("a backup that reuses what is condemned meanwhile is not recorded, and the next one is whole", async () => {
    // Only what the newest record names is reused, and that one stays unless stores withhold those after it.
    const putBack = withholdNewest();
    const old = { fixed: rows(99, 300_000), moving: rows(2, 200_000) };
    const failed = await house
      .backUp(
        [dubai, frankfurt],
        { fixed: rows(1, 300_000), moving: rows(3, 200_000) },
        {
          beforeCommit: async () => {
            putBack();
            await pruneNow(house, [dubai, frankfurt]);
          },
        },
      )
      .catch((error: unknown) => error);
    expect(isFailure(failed, "backup/overtaken")).toBe(true);
    expect(broken()).toEqual([]);
    await house.backUp([dubai, frankfurt], old);
    expect(broken()).toEqual([]);
  });

  it("a backup that looked just before saves what it names, for good", async () => {
    const putBack = withholdNewest();
    const late = faulty(dubai);
    const streams = { fixed: rows(99, 300_000), moving: rows(3, 200_000) };
    const reached = late.reaches("create", "record.jws");
    let letGo = (): void => undefined;
    late.next("create", "record.jws").takes(new Promise<void>((resolve) => (letGo = resolve)));
    const backup = house.backUp([late], streams);
    await reached;
    putBack();
    await pruneNow(house, [dubai, frankfurt], { own: new Set([dubai.name]) });
    letGo();
    const made = await backup;
    pass(house.clock, graceMs);
    const report = await pruneNow(house, [dubai, frankfurt], { own: new Set([dubai.name]) });
    expect(report.spared).toBeGreaterThan(0);
    expect(brokenPromises(dubai)).toEqual([]);
    await house.open([dubai], made.backup);
    // No replicate may bring what names the dead to the other store, so its lack there stops nobody.
    expect((await pruneNow(house, [dubai, frankfurt])).state).toBe("pruned");
  });

  it("what a backup that died left behind goes the same way, and not while it may still be running", async () => {
    const failing = faulty(dubai);
    failing.every("create", "record.jws").failsWith("store/full");
    await expect(house.backUp([failing], { moving: rows(77, 200_000) })).rejects.toMatchObject({
      code: "store/quorum",
    });
    const left = dubai.keys().filter((key) => !grown.dubai.keys().includes(key));
    expect(left.length).toBeGreaterThan(2);
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, graceMs);
    // Condemned only now, being too young then.
    await pruneNow(house, [dubai, frankfurt]);
    expect(dubai.keys()).toEqual(expect.arrayContaining(left));
    pass(house.clock, graceMs);
    await pruneNow(house, [dubai, frankfurt]);
    expect(dubai.keys().filter((key) => left.includes(key))).toEqual([]);
  });

  it("a backup that took longer than any may is not recorded", async () => {
    const streams = { moving: rows(88, 100_000) };
    const slow = house.backUp([dubai, frankfurt], streams, {
      beforeCommit: () => pass(house.clock, 12 * hourMs + 1000),
    });
    await expect(slow).rejects.toMatchObject({ code: "wait/expired" });
    expect(recordsIn(dubai)).toEqual(made);
  });

  it("lists that have done their work go a month later, and those that explain a gap stay", async () => {
    const lists = (): string[] => dubai.keys().filter((key) => key.includes("/condemned/"));
    await pruneNow(house, [dubai, frankfurt]);
    pass(house.clock, graceMs);
    await pruneNow(house, [dubai, frankfurt]);
    expect(lists()).toHaveLength(2);
    pass(house.clock, 31 * dayMs);
    await pruneNow(house, [dubai, frankfurt]);
    expect(lists()).toEqual([expect.stringMatching(/-records\.jws$/)]);
    const states = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    expect(states.gaps).toEqual([]);
  });
});
