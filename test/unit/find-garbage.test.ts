/** What a prune takes for garbage: nothing young, nothing locked, nothing of anybody else, in whatever store (promise 6, trap 26). */
import { describe, expect, it } from "vitest";
import { digestsOf } from "../../src/base/key-index.ts";
import { sha256 } from "../../src/base/digest.ts";
import { type ObjectKey, objectKey, storeName, tenantId } from "../../src/model/ids.ts";
import { chunkKey, keySetKeys } from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { chunkLockFactor } from "../../src/repository/locks.ts";
import { CondemnedKeys } from "../../src/retention/condemned-here.ts";
import {
  ageMinMs,
  findGarbage,
  type Garbage,
  type GarbageQuestion,
} from "../../src/retention/find-garbage.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { References } from "../../src/retention/references.ts";
import type { ObjectStat } from "../../src/stores/store.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { never } from "../support/repository-fixture.ts";

const acme = tenantId.parse("acme");
const now = new Date("2026-11-23T12:00:00.000Z");
let time = now;
const clock = { now: () => time };
const hourMs = 3_600_000;

/** A chunk that no record names. */
function chunk(name: string, tenant = acme): ObjectKey {
  const digest = sha256(Buffer.from(name));
  return chunkKey(tenant, { generation: 1, name: digest, digest });
}

/** A store in which one key has lain for so long. */
async function holding<Store extends MemoryStore>(
  store: Store,
  key: ObjectKey,
  ageMs: number,
): Promise<Store> {
  time = new Date(now.getTime() - ageMs);
  await store.create(key, Buffer.from("body"), {}, never);
  time = now;
  return store;
}

function dubai(): MemoryStore {
  return new MemoryStore(storeName.parse("dubai"), clock);
}

function frankfurt(): MemoryStore {
  return new MemoryStore(storeName.parse("frankfurt"), clock);
}

/** One that gives in answer to a prefix whatever it has. */
class Muddled extends MemoryStore {
  override list(_prefix: string, wait: Waiting): AsyncGenerator<ObjectStat> {
    return super.list("tenants/", wait);
  }
}

/** Condemned by a list that each of the stores has had for the whole grace time. */
function condemnedIn(stores: readonly MemoryStore[], keys: readonly ObjectKey[]): CondemnedKeys {
  const storedAt = new Date(now.getTime() - graceMs);
  const list = {
    key: chunk("list"),
    at: storedAt.toISOString(),
    digests: digestsOf(keys),
    records: [],
    namesKeys: false,
    storedAt,
  };
  return new CondemnedKeys(
    stores.map(() => ({ storeNow: now, lists: keys.length === 0 ? [] : [list] })),
    now,
  );
}

async function found(
  stores: readonly MemoryStore[],
  {
    condemned = [],
    ...changes
  }: Partial<Omit<GarbageQuestion, "condemned">> & { condemned?: readonly ObjectKey[] } = {},
): Promise<
  Omit<Garbage, "toCondemn" | "toRemove" | "listed"> & Record<"toCondemn" | "toRemove", ObjectKey[]>
> {
  const garbage = await findGarbage(
    {
      tenant: acme,
      stores,
      storeNow: new Map(stores.map(({ name }) => [name, now])),
      lockMs: new Map(),
      references: new References(acme, stores),
      condemned: condemnedIn(stores, condemned),
      isPastProof: () => false,
      ...changes,
    },
    never,
  );
  const { listed: _, ...rest } = garbage;
  const keysOf = (lying: Garbage["toRemove"]): ObjectKey[] => Array.from(lying, ({ key }) => key);
  return { ...rest, toCondemn: keysOf(garbage.toCondemn), toRemove: keysOf(garbage.toRemove) };
}

describe("garbage", () => {
  const key = chunk("one");

  it("is what has lain in each store for longer than any backup takes, to the millisecond", async () => {
    const old = await holding(dubai(), key, ageMinMs);
    expect(await found([old])).toMatchObject({ toCondemn: [key], toRemove: [] });
    expect(await found([old], { condemned: [key] })).toMatchObject({ toCondemn: [], toRemove: [key] });
    const young = await holding(frankfurt(), key, ageMinMs - 1);
    expect(await found([young])).toMatchObject({ toCondemn: [], toRemove: [] });
  });

  it("is nothing that came to another store just now, in whatever order they are asked", async () => {
    const old = await holding(dubai(), key, 2 * ageMinMs);
    const young = await holding(frankfurt(), key, hourMs);
    for (const stores of [
      [old, young],
      [young, old],
    ]) {
      expect(await found(stores)).toMatchObject({ toCondemn: [], toRemove: [] });
      expect(await found(stores, { condemned: [key] })).toMatchObject({ toCondemn: [], toRemove: [] });
    }
  });

  it("is nothing in a store whose time is not known", async () => {
    const old = await holding(dubai(), key, 2 * ageMinMs);
    expect(await found([old], { storeNow: new Map() })).toMatchObject({ toCondemn: [] });
  });

  it("that a lock still holds is counted and not asked for, and is once the lock of chunks has ended", async () => {
    const lockMs = ageMinMs;
    const endMs = lockMs * chunkLockFactor;
    for (const [ageMs, locked, toRemove] of [
      [endMs - 1, { objects: 1, bytes: 4 }, []],
      [endMs, { objects: 0, bytes: 0 }, [key]],
    ] as const) {
      const store = await holding(dubai(), key, ageMs);
      const question = { condemned: [key], lockMs: new Map([[store.name, lockMs]]) };
      expect(await found([store], question)).toMatchObject({ locked, toRemove });
    }
  });

  it("is nothing of another tenant, should a store list it", async () => {
    const others = chunk("one", tenantId.parse("bravo"));
    const muddled = await holding(new Muddled(storeName.parse("dubai"), clock), others, 2 * ageMinMs);
    const { toCondemn, toRemove } = await found([muddled], { condemned: [others] });
    expect([...toCondemn, ...toRemove]).toEqual([]);
  });

  it("is nothing that a record names, and what a list names all the same is told", async () => {
    class NamingAll extends References {
      override names(): boolean {
        return true;
      }
    }
    const keyObject = objectKey.parse(keySetKeys(acme, 1).statement);
    const store = await holding(await holding(dubai(), key, 2 * ageMinMs), keyObject, 2 * ageMinMs);
    const references = new NamingAll(acme, [store]);
    for (const [condemned, spared] of [
      [[], 0],
      [[keyObject], 0],
      [[key, keyObject], 1],
    ] as const)
      expect(await found([store], { references, condemned })).toMatchObject({ toRemove: [], spared });
  });
});
