/** What the observer sees from the stores alone: each way in which a daemon or a store may be dead or lie. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { Failure } from "../../src/base/failure.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { backupId, type ObjectKey, objectKey } from "../../src/model/ids.ts";
import {
  condemnedKey,
  condemnedRecordsKey,
  descriptorKey,
  erasedKey,
  proofKey,
  recordKey,
} from "../../src/model/layout.ts";
import { newMemory } from "../../src/observer/memory.ts";
import { type Observation, observationKinds } from "../../src/observer/observation.ts";
import { observePass } from "../../src/observer/observe-pass.ts";
import type { ObserverOrder } from "../../src/observer/order.ts";
import { readDescriptor } from "../../src/stores/describe.ts";
import type { Signer } from "../../src/keys/signing.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { observedTenant, watchOver } from "../support/observed.ts";
import { buildHouse, described, type House, never, rows } from "../support/repository-fixture.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;

beforeEach(async () => {
  house = await buildHouse();
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  await described(house, dubai, frankfurt);
});

afterEach(async () => {
  await house[Symbol.asyncDispose]();
});

/** A daily backup in these stores, by a signer that is trusted unless another is named. */
async function backUp(stores: MemoryStore[], signer?: Signer, seed = 1): Promise<string> {
  const { backup } = await house.backUp(
    stores,
    { schema: "create table t ()", "tables-1": rows(seed, 3000) },
    { order: { kind: "daily" }, ...(signer === undefined ? {} : { workshop: { signer } }) },
  );
  return backup;
}

/** A day later. */
async function later(seed: number): Promise<string> {
  house.clock.advance(dayMs);
  return backUp([dubai, frankfurt], undefined, seed);
}

async function stranger(): Promise<Signer> {
  const { privateJwk } = await newSigningKey();
  return createSigner(privateJwk);
}

async function put(
  store: MemoryStore,
  key: ObjectKey,
  purpose: "proof" | "removal",
  payload: object,
  signer: Signer = house.signer,
): Promise<void> {
  store.overwrite(key, await signer.sign(purpose, payload));
}

/** A verdict about the copy in `store`, as a verifier leaves it there. */
async function prove(
  store: MemoryStore,
  backup: string,
  more: { readonly signer?: Signer; readonly storeId?: string; readonly verdict?: "proven" | "refuted" } = {},
): Promise<void> {
  const at = house.clock.now();
  const copy = await house.open([store], backupId.parse(backup));
  const descriptor = await readDescriptor(store, never);
  const payload = {
    format: { name: "holdfast-proof", version: 1 },
    tenant: house.tenant,
    backup,
    store: store.name,
    storeId: more.storeId ?? descriptor?.storeId ?? "",
    record: copy.recordSha256,
    verdict: more.verdict ?? "proven",
    at: at.toISOString(),
    seconds: 1,
    host: "test-host",
    version: "0.1.0",
    checks: [],
    excluded: 0,
    detail: { bytes: 0, sha256: "0".repeat(64) },
    damaged: [],
  };
  const key = proofKey({ tenant: house.tenant, backup: copy.record.backup, store: store.name, at });
  await put(store, key, "proof", payload, more.signer);
}

describe("a tenant", () => {
  it("that is well gives no finding, and its figures are those of the stores", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    const { observations, health, stores } = await watchOver(house, [dubai, frankfurt]).pass();
    expect(observations).toEqual([]);
    expect(health).toMatchObject([
      { tenant: "acme", copies: 2, copiesRequired: 2, refutedCopies: 0, recoveryPoint: house.clock.now() },
    ]);
    expect(health[0]?.lastSuccess).toEqual(new Map([["daily", house.clock.now()]]));
    expect(health[0]?.proofs).toEqual(new Map([["dubai", house.clock.now()]]));
    expect(stores).toMatchObject([
      { store: "dubai", failure: null, aheadMs: 0, newestRecordAt: house.clock.now() },
      { store: "frankfurt", failure: null, aheadMs: 0, newestRecordAt: house.clock.now() },
    ]);
  });

  it("whose daemon is dead misses its next window, then its interval, its proof and its objective", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    await prove(frankfurt, backup);
    const watch = watchOver(house, [dubai, frankfurt]);
    house.clock.advance(dayMs + 0.4 * hourMs);
    expect(await watch.finds()).toEqual([]);
    house.clock.advance(0.2 * hourMs);
    expect(await watch.finds()).toEqual(["missed-window"]);
    house.clock.advance(6 * hourMs);
    expect(await watch.finds()).toEqual(["backup-late", "missed-window"]);
    house.clock.advance(dayMs);
    expect(await watch.finds()).toEqual(["backup-late", "missed-window", "recovery-point"]);
  });

  it("is told how late each thing is", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    house.clock.advance(3 * dayMs);
    const { observations } = await watchOver(house, [dubai, frankfurt]).pass();
    expect(observations.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["backup-late", "the newest backup that counts was made 3 d ago"],
      ["proof-late", "a proof was due 1 d ago"],
      ["recovery-point", "the newest proven backup was made 3 d ago"],
      ["missed-window", "no daily backup came of the window of 2026-11-23T11:00:00.000Z"],
    ]);
  });

  it.each([
    ["a little before its window", 4, []],
    ["long before its window", 6, ["missed-window"]],
  ])("whose backup began %s, by the source's clock", async (_, minutes, found) => {
    await backUp([dubai, frankfurt]);
    house.clock.advance(23 * hourMs - minutes * 60_000);
    await backUp([dubai, frankfurt], undefined, 2);
    house.clock.advance(1.7 * hourMs);
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual(found);
  });

  it("is late with its proofs where none was made", async () => {
    await backUp([dubai, frankfurt]);
    house.clock.advance(2 * dayMs + 1);
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toContain("proof-late");
  });

  it("that is new missed no window before its first backup", async () => {
    const { backup } = await house.backUp(
      [dubai, frankfurt],
      { schema: "create table t ()", "tables-1": rows(1, 3000) },
      { order: { kind: "manual" } },
    );
    await prove(dubai, backup);
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual([]);
  });

  it("that was never backed up is told", async () => {
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual(["missed-window", "never-backed-up"]);
  });

  it("that was erased is expected nothing of", async () => {
    await backUp([dubai, frankfurt]);
    const at = house.clock.now().toISOString();
    const payload = { format: { name: "holdfast-erased", version: 1 }, tenant: house.tenant, at };
    await put(dubai, erasedKey(house.tenant), "removal", payload);
    house.clock.advance(9 * dayMs);
    const { observations, health } = await watchOver(house, [dubai, frankfurt]).pass();
    expect(observations).toEqual([]);
    expect(health).toEqual([]);
  });
});

describe("copies", () => {
  it("that a store withholds are told once they cannot be on their way any more", async () => {
    const watch = watchOver(house, [dubai, frankfurt]);
    const backup = await backUp([dubai, frankfurt]);
    frankfurt.lose(recordKey(house.tenant, backupId.parse(backup)));
    expect(await watch.finds()).toEqual(["copies"]);
    house.clock.advance(1.1 * hourMs);
    expect(await watch.finds()).toEqual(["copies", "store-stalled frankfurt", "stores-differ frankfurt"]);
  });

  it("that lost an object are told by the next thorough look, though no document changed", async () => {
    await backUp([dubai, frankfurt]);
    const watch = watchOver(house, [dubai, frankfurt]);
    expect(await watch.finds()).toEqual([]);
    const chunk = frankfurt.keys().find((key) => key.includes("/chunks/"));
    frankfurt.lose(chunk ?? "");
    house.clock.advance(7.6 * hourMs);
    expect(await watch.finds()).toEqual(["copies", "refuted frankfurt"]);
  });

  it("that a proof refuted are told with their store", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup, { verdict: "refuted" });
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual(["copies", "refuted dubai"]);
  });

  it("of which both stores show another record are told", async () => {
    const backup = await backUp([dubai, frankfurt]);
    const key = recordKey(house.tenant, backupId.parse(backup));
    const [, body = ""] = frankfurt.bodyOf(key).toString("latin1").split(".");
    const payload: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
    frankfurt.overwrite(key, await house.signer.sign("record", { ...Object(payload), host: "another" }));
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toContain("stores-differ frankfurt");
  });
});

describe("a store", () => {
  it("put back to an older state differs from the others, and its chain has lost its end", async () => {
    await backUp([dubai, frankfurt]);
    const old = frankfurt.copy();
    const older = dubai.copy();
    house.clock.advance(dayMs);
    await backUp([dubai, frankfurt], undefined, 2);
    const watch = watchOver(house, [dubai, frankfurt]);
    expect(await watch.finds()).toEqual([]);
    house.clock.advance(1.1 * hourMs);
    expect(await watchOver(house, [dubai, old]).finds()).toEqual(
      expect.arrayContaining(["copies", "store-stalled frankfurt", "stores-differ frankfurt"]),
    );
    // Both at once: no store shows that anything is missing, and only who was there before can tell.
    for (const store of [dubai, frankfurt]) {
      const kept = new Set((store === dubai ? older : old).keys());
      for (const key of store.keys()) if (!kept.has(key)) store.lose(key);
    }
    expect(await watch.finds()).toContain("rolled-back");
    // Until somebody has looked after it: what is highest now is no new beginning.
    expect(await watch.finds()).toContain("rolled-back");
  });

  it("that hides an older record breaks the chain", async () => {
    const first = await backUp([dubai, frankfurt]);
    house.clock.advance(dayMs);
    await backUp([dubai, frankfurt], undefined, 2);
    for (const store of [dubai, frankfurt]) store.lose(recordKey(house.tenant, backupId.parse(first)));
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual(["chain-gap"]);
  });

  it("that hides records is told of only when all could be asked: a silent one may hold them", async () => {
    const first = await backUp([dubai, frankfurt]);
    await later(2);
    const last = await later(3);
    const away = faulty(frankfurt);
    const watch = watchOver(house, [dubai, away]);
    expect(await watch.finds()).toEqual([]);
    away.isDown();
    for (const hidden of [first, last]) dubai.lose(recordKey(house.tenant, backupId.parse(hidden)));
    const found = await watch.finds();
    expect(found).not.toContain("chain-gap");
    expect(found).not.toContain("rolled-back");
    away.comesBack();
    for (const hidden of [first, last]) frankfurt.lose(recordKey(house.tenant, backupId.parse(hidden)));
    expect(await watch.finds()).toEqual(expect.arrayContaining(["chain-gap", "rolled-back"]));
  });

  it("from which retention removed a record, and said so, has no gap", async () => {
    const first = backupId.parse(await backUp([dubai, frankfurt]));
    house.clock.advance(dayMs);
    await backUp([dubai, frankfurt], undefined, 2);
    const at = house.clock.now();
    const format = { name: "holdfast-condemned", version: 1 };
    const keys = [recordKey(house.tenant, first)];
    const list = { format, tenant: house.tenant, at: at.toISOString(), keys };
    for (const store of [dubai, frankfurt]) {
      await put(store, condemnedRecordsKey(house.tenant, at), "removal", list);
      store.lose(recordKey(house.tenant, first));
    }
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual([]);
  });

  it("that stopped receiving while another goes on is told after an hour", async () => {
    await backUp([dubai, frankfurt]);
    house.clock.advance(dayMs);
    await backUp([dubai], undefined, 2);
    house.clock.advance(0.9 * hourMs);
    const watch = watchOver(house, [dubai, frankfurt]);
    expect(await watch.finds()).toEqual(["copies"]);
    house.clock.advance(0.2 * hourMs);
    expect(await watch.finds()).toEqual(["copies", "store-stalled frankfurt", "stores-differ frankfurt"]);
  });

  it("that bears another id than before, or than its proofs name, is told and not forgotten", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    const other = {
      format: { name: "holdfast-store", version: 1 },
      storeId: "a".repeat(16),
      createdAt: house.clock.now().toISOString(),
    };
    dubai.overwrite(descriptorKey, Buffer.from(JSON.stringify(other)));
    const fresh = watchOver(house, [dubai, frankfurt]);
    expect(await fresh.finds()).toContain("store-changed dubai");
    expect(await fresh.finds()).toContain("store-changed dubai");
    const watch = watchOver(house, [dubai, frankfurt]);
    await watch.pass();
    frankfurt.overwrite(descriptorKey, Buffer.from(JSON.stringify({ ...other, storeId: "b".repeat(16) })));
    for (const _ of ["first", "again"]) {
      expect(await watch.finds()).toContain("store-changed frankfurt");
      house.clock.advance(1000);
    }
    await prove(frankfurt, backup);
    expect(await watch.finds()).not.toContain("store-changed frankfurt");
  });

  it("without holdfast.json, and one that is another under a second name, are told", async () => {
    await backUp([dubai, frankfurt]);
    const twin = dubai.copy("sharjah");
    frankfurt.lose(descriptorKey);
    const found = await watchOver(house, [dubai, frankfurt, twin]).finds();
    expect(found).toEqual(["same-place sharjah", "store-unmarked frankfurt"]);
  });

  it("whose clock is off is told, whether it is asked or dates its objects", async () => {
    const slow = memoryStore("slow", { now: () => new Date(house.clock.now().getTime() - hourMs) });
    await described(house, slow);
    expect(await watchOver(house, [dubai, slow]).finds()).toContain("store-clock slow");
    await backUp([dubai, frankfurt]);
    const behind = memoryStore("frankfurt", { now: () => new Date(house.clock.now().getTime() - hourMs) });
    for (const key of frankfurt.keys()) behind.overwrite(key, frankfurt.bodyOf(key));
    const mute = faulty(behind);
    mute.every("clock").failsWith("store/refused");
    expect(await watchOver(house, [dubai, mute]).finds()).toEqual(["store-clock frankfurt"]);
  });

  it("that does not tell its time is well all the same", async () => {
    await backUp([dubai, frankfurt]);
    const mute = faulty(frankfurt);
    mute.every("clock").failsWith("store/refused");
    const { observations, stores } = await watchOver(house, [dubai, mute]).pass();
    expect(observations).toEqual([]);
    expect(stores).toMatchObject([{ aheadMs: 0 }, { aheadMs: null, failure: null }]);
  });

  it("that is down hides nobody, and what was seen there stands", async () => {
    await backUp([dubai, frankfurt]);
    const away = faulty(frankfurt);
    const watch = watchOver(house, [dubai, away]);
    await watch.pass();
    away.isDown();
    const { health, stores, observations } = await watch.pass();
    expect(health).toMatchObject([{ copies: 2 }]);
    expect(stores[1]).toMatchObject({ failure: { code: "store/unreachable" } });
    expect(observations).toEqual([]);
    const fresh = await watchOver(house, [dubai, away]).pass();
    expect(fresh.health).toMatchObject([{ copies: 1 }]);
    expect(fresh.observations).toEqual([]);
  });

  it("that refuses a single document is told, and hides no other tenant", async () => {
    await backUp([dubai, frankfurt]);
    await using other = await buildHouse("bravo");
    const picky = faulty(frankfurt);
    picky.every("read", "acme/backups/").failsWith("store/refused");
    const both = watchOver({ ...other, trust: house.trust, clock: house.clock }, [dubai, picky]);
    for (const _ of ["first", "again"]) {
      const { stores, health, observations } = await both.pass();
      expect(stores[1]).toMatchObject({ failure: { code: "store/refused" } });
      expect(health.map(({ tenant, copies }) => [tenant, copies])).toEqual([
        ["acme", 1],
        ["bravo", 0],
      ]);
      expect(observations.map(({ tenant }) => tenant)).toEqual(["bravo", "bravo"]);
    }
    expect(picky.calls.some(({ key }) => key.startsWith("tenants/bravo/"))).toBe(true);
  });

  it("that falls silent in the middle of a pass is not waited for by every tenant", async () => {
    await backUp([dubai, frankfurt]);
    const away = faulty(frankfurt);
    away.every("list", "backups/").failsWith("store/unreachable");
    const { stores } = await watchOver(house, [dubai, away]).pass();
    expect(stores).toMatchObject([{ failure: null }, { failure: { code: "store/unreachable" } }]);
  });
});

describe("documents", () => {
  it("of unknown signers are told by what hangs on them", async () => {
    const watch = watchOver(house, [dubai, frankfurt]);
    const mallory = await stranger();
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup, { signer: mallory });
    expect(await watch.finds()).toEqual(["untrusted-signature dubai"]);
    const at = house.clock.now();
    const list = {
      format: { name: "holdfast-condemned", version: 1 },
      tenant: house.tenant,
      at: at.toISOString(),
      keys: [],
    };
    await put(frankfurt, condemnedKey(house.tenant, at), "removal", list, mallory);
    expect(await watch.finds()).toEqual(["untrusted-removal frankfurt", "untrusted-signature dubai"]);
    const tombstone = {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: at.toISOString(),
    };
    await put(dubai, erasedKey(house.tenant), "removal", tombstone, mallory);
    const found = await watch.finds();
    expect(found).toContain("untrusted-removal dubai");
    expect((await watch.pass()).health).toHaveLength(1);
  });

  it("that a record of an unknown host is among never count", async () => {
    const mallory = await stranger();
    const backup = await backUp([dubai, frankfurt]);
    const key = recordKey(house.tenant, backupId.parse(backup));
    const [, body = ""] = dubai.bodyOf(key).toString("latin1").split(".");
    const forged = await mallory.sign("record", JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
    for (const store of [dubai, frankfurt]) store.overwrite(key, forged);
    const { health, observations } = await watchOver(house, [dubai, frankfurt]).pass();
    expect(health[0]?.lastSuccess.size).toBe(0);
    expect(observations.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["untrusted-signature", "never-backed-up"]),
    );
  });

  it("from the future are told until their time has come", async () => {
    house.clock.advance(6 * dayMs);
    await backUp([dubai, frankfurt]);
    house.clock.advance(-6 * dayMs);
    const watch = watchOver(house, [dubai, frankfurt]);
    expect(await watch.finds()).toEqual(
      expect.arrayContaining(["from-future dubai", "from-future frankfurt"]),
    );
    house.clock.advance(6 * dayMs);
    expect(await watch.finds()).toEqual([]);
  });

  it("that cannot be read, or lie where they do not belong, are told", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    const proof = dubai.keys().find((key) => key.includes("/proofs/")) ?? "";
    dubai.overwrite(proof.replace(/T12(?=\d{4}Z-dubai)/, "T11"), dubai.bodyOf(proof));
    expect(await watchOver(house, [dubai, frankfurt]).finds()).toEqual(["unreadable-document dubai"]);
  });

  it("are one finding however many there are", async () => {
    for (let n = 0; n < 40; n += 1) {
      const key = `tenants/acme/proofs/20261121T120000Z-aaaaaa/20261121T1200${String(n).padStart(2, "0")}Z-dubai.jws`;
      dubai.overwrite(objectKey.parse(key), Buffer.from("no proof"));
    }
    const { observations } = await watchOver(house, [dubai, frankfurt]).pass();
    const untrusted = observations.filter(({ kind }) => kind === "untrusted-signature");
    expect(untrusted).toMatchObject([{ store: "dubai", tenant: "acme", count: 40 }]);
  });
});

describe("a pass", () => {
  it("calls nothing that writes", async () => {
    await backUp([dubai, frankfurt]);
    const watched = faulty(dubai);
    await watchOver(house, [watched, frankfurt]).pass();
    const writing = watched.calls.filter(({ operation }) => ["create", "mend", "remove"].includes(operation));
    expect(watched.calls.length).toBeGreaterThan(5);
    expect(writing).toEqual([]);
  });

  it("reads no document again and lists no chunk while nothing changes", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup);
    const watched = faulty(dubai);
    const watch = watchOver(house, [watched, frankfurt]);
    await watch.pass();
    const before = watched.calls.length;
    house.clock.advance(300_000);
    await watch.pass();
    const later = watched.calls.slice(before);
    expect(later.filter(({ operation }) => operation === "read").map(({ key }) => key)).toEqual([
      "holdfast.json",
    ]);
    expect(later.filter(({ key }) => key === "tenants/acme/" || key.includes("chunks"))).toHaveLength(1);
  });

  it("reads what is new alone, and leaves out none of what it has read before", async () => {
    const backup = await backUp([dubai, frankfurt]);
    await prove(dubai, backup, { verdict: "refuted" });
    const watched = faulty(dubai);
    const watch = watchOver(house, [watched, frankfurt]);
    await watch.pass();
    house.clock.advance(hourMs);
    const newer = await backUp([dubai, frankfurt], undefined, 2);
    const before = watched.calls.length;
    expect(await watch.finds()).toContain("refuted dubai");
    const read = watched.calls
      .slice(before)
      .filter(({ operation, key }) => operation === "read" && key.endsWith(".jws"));
    expect(read.map(({ key }) => key)).toEqual([recordKey(house.tenant, backupId.parse(newer))]);
  });

  it("in which the only store falls silent once it was glanced at tells what it saw last", async () => {
    const backup = await backUp([dubai]);
    const away = faulty(dubai);
    const watch = watchOver(house, [away]);
    const [first] = (await watch.pass()).health;
    house.clock.advance(60_000);
    await prove(dubai, backup);
    let lists = 0;
    away.every("list", "backups/").does(() => {
      lists += 1;
      if (lists > 1) throw new Failure("store/unreachable", "it is gone");
    });
    const { health, stores } = await watch.pass();
    expect(health).toEqual([first]);
    expect(stores[0]?.failure?.message).toContain("it is gone");
    away.heals();
    expect((await watch.pass()).health[0]?.proofs.size).toBe(1);
  });

  it("sees other bytes under a key that it has read before", async () => {
    const backup = await backUp([dubai, frankfurt]);
    const watch = watchOver(house, [dubai, frankfurt]);
    await watch.pass();
    house.clock.advance(1000);
    dubai.overwrite(recordKey(house.tenant, backupId.parse(backup)), Buffer.from("garbage"));
    expect(await watch.finds()).toContain("untrusted-signature dubai");
  });

  it("comes upon tenants that only the stores know within an hour", async () => {
    await using other = await buildHouse("bravo");
    const watch = watchOver({ ...other, trust: house.trust, clock: house.clock }, [dubai, frankfurt]);
    const seen = async (): Promise<readonly (readonly [string, number])[]> =>
      (await watch.pass()).health.map(({ tenant, copies }) => [tenant, copies] as const);
    expect(await seen()).toEqual([["bravo", 0]]);
    await backUp([dubai, frankfurt]);
    expect(await seen()).toEqual([["bravo", 0]]);
    house.clock.advance(hourMs);
    expect(await seen()).toEqual([
      ["acme", 2],
      ["bravo", 0],
    ]);
  });

  it("under a clock that was a year ahead keeps nothing from being looked at for that year", async () => {
    await using other = await buildHouse("bravo");
    const own = watchOver(house, [dubai, frankfurt]);
    const strange = watchOver({ ...other, trust: house.trust, clock: house.clock }, [dubai, frankfurt]);
    house.clock.advance(366 * dayMs);
    await strange.pass();
    house.clock.advance(-366 * dayMs);
    await backUp([dubai, frankfurt]);
    expect((await strange.pass()).health.map(({ tenant }) => tenant)).toContain(house.tenant);
    house.clock.advance(366 * dayMs);
    await own.pass();
    house.clock.advance(-366 * dayMs);
    const chunk = frankfurt.keys().find((key) => key.includes("/chunks/"));
    frankfurt.lose(chunk ?? "");
    expect(await own.finds()).toEqual(["copies", "refuted frankfurt"]);
  });

  it("says once per pass how many tenants are under no plan, unless they were erased", async () => {
    await using bravo = await buildHouse("bravo");
    for (const one of [house, bravo])
      await one.backUp([dubai], { schema: "create table t ()" }, { order: { kind: "daily" } });
    const order: ObserverOrder = {
      stores: [{ reader: dubai, tellsTime: true }],
      tenants: new Map(),
      stranger: (tenant, stores) => ({ ...observedTenant(tenant, stores), schedule: null }),
      trust: house.trust,
      clock: house.clock,
      chance: systemChance,
    };
    const unplanned = async (): Promise<readonly Observation[]> => {
      const { observations } = await observePass(order, newMemory(house.clock), never);
      return observations.filter(({ kind }) => kind === "tenant-unplanned");
    };
    expect(await unplanned()).toEqual([
      expect.objectContaining({
        tenant: null,
        store: null,
        count: 2,
        detail: expect.stringMatching(/^acme: /),
      }),
    ]);
    await put(dubai, erasedKey(house.tenant), "removal", {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: house.clock.now().toISOString(),
    });
    expect(await unplanned()).toEqual([
      expect.objectContaining({ count: 1, detail: expect.stringMatching(/^bravo: /) }),
    ]);
  });

  it("has a name for everything it may find", () => {
    expect(new Set(observationKinds).size).toBe(observationKinds.length);
  });
});
