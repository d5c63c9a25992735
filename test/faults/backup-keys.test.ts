/** The keys of a backup: a copy that nobody could open does not count (promise 1), and a store that is away hinders no first backup. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rotateKeySet } from "../../src/keys/mint-key-set.ts";
import { keySetKeys } from "../../src/model/layout.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { type FaultyStore, faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, type House, never, readAll, rows } from "../support/repository-fixture.ts";

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
beforeEach(() => {
  disks = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
  [dubai, frankfurt] = [faulty(disks[0]), faulty(disks[1])];
  house.clock.advance(60_000);
});

const table = rows(11, 1_500_000);

async function backUp(changes: { readonly quorum?: number } = {}): ReturnType<House["backUp"]> {
  const made = await house.backUp([dubai, frankfurt], { rows: table }, { order: changes });
  house.clock.advance(60_000);
  return made;
}

function missing(made: Awaited<ReturnType<typeof backUp>>): readonly string[] {
  return [...made.copies].flatMap(([store, failure]) => (failure === null ? [] : [store]));
}

describe("a store with other key objects of the same length", () => {
  const parts = ["identity", "id", "statement"] as const;

  it.each(parts)("in the place of the %s is left out, and the copy is not called whole", async (part) => {
    await backUp();
    const key = keySetKeys(house.tenant, 1)[part];
    const altered = disks[1].bodyOf(key);
    altered.writeUInt8(altered.readUInt8(altered.length - 2) ^ 1, altered.length - 2);
    disks[1].overwrite(key, altered);
    const made = await backUp();
    expect(missing(made)).toEqual(["frankfurt"]);
    expect(made.copies.get(disks[1].name)?.code).toBe("store/corrupt");
    expect(recordsIn(disks[1])).not.toContain(made.backup);
    expect(brokenPromises(disks[0])).toEqual([]);
  });

  it("fails the backup when the quorum needs it, and no record is written", async () => {
    await backUp();
    const key = keySetKeys(house.tenant, 1).identity;
    disks[1].overwrite(key, Buffer.alloc(disks[1].bodyOf(key).length, 65));
    await expect(backUp({ quorum: 2 })).rejects.toMatchObject({ code: "store/quorum" });
    expect(recordsIn(disks[0])).toHaveLength(1);
  });
});

describe("a key set that is not used", () => {
  it("being forged, is told, and the store that holds the right one as well stays in", async () => {
    await backUp();
    disks[1].overwrite(keySetKeys(house.tenant, 9).statement, Buffer.from("a forged statement"));
    const before = house.refusals.length;
    const made = await backUp();
    expect(made.state).toBe("complete");
    expect(house.refusals.slice(before)).toMatchObject([
      { store: "frankfurt", generation: 9, failure: { code: "keys/signature" } },
    ]);
  });
});

describe("a tenant's very first backup", () => {
  const cases = [
    { away: "the first store", index: 0, generation: 2 },
    { away: "the second store", index: 1, generation: 1 },
  ] as const;

  it.each(cases)(
    "counts while $away is down, and the next one is whole in both",
    async ({ index, generation }) => {
      const [gone, goneDisk, other] =
        index === 0 ? [dubai, disks[0], disks[1]] : [frankfurt, disks[1], disks[0]];
      gone.isDown();
      const first = await backUp();
      expect(first.state).toBe("degraded");
      expect(missing(first)).toEqual([gone.name]);
      expect(other.keys()).toContain(keySetKeys(house.tenant, generation).statement);
      expect(goneDisk.keys()).toEqual([]);

      gone.comesBack();
      const second = await backUp();
      expect(second.state).toBe("complete");
      expect(second.reusedBytes).toBeGreaterThan(0);
      for (const disk of disks) expect(brokenPromises(disk)).toEqual([]);
      const alone = await house.open([goneDisk], second.backup);
      expect((await readAll(alone, "rows")).toString()).toBe(table);
    },
  );

  it("fails while fewer stores than the quorum answer, and no keys are born", async () => {
    dubai.isDown();
    await expect(backUp({ quorum: 2 })).rejects.toMatchObject({ code: "store/quorum" });
    expect(disks.flatMap((disk) => disk.keys())).toEqual([]);
  });

  it("by two hosts that see different stores leaves two backups, and each opens with its own keys", async () => {
    frankfurt.isDown();
    const one = await backUp();
    frankfurt.comesBack();
    dubai.isDown();
    const other = await backUp();
    dubai.comesBack();
    const joint = await backUp();
    expect(joint.state).toBe("complete");
    for (const { backup } of [one, other, joint]) {
      const copy = await house.open([dubai, frankfurt], backup);
      expect((await readAll(copy, "rows")).toString()).toBe(table);
    }
  });
});

describe("keys that records name", () => {
  it("and that are gone from every store are not born anew: what may be put back keeps its place", async () => {
    const made = await backUp();
    const kept = new Map<string, Buffer>();
    for (const disk of disks) {
      for (const key of disk.keys().filter((one) => one.includes("/keys/"))) {
        kept.set(key, disk.bodyOf(key));
        disk.lose(key);
      }
    }
    await expect(backUp()).rejects.toMatchObject({
      code: "keys/signature",
      message: "the keys of generation 1 of acme, which records name, are in no store that answers",
    });
    expect(disks.flatMap((disk) => disk.keys()).filter((key) => key.includes("/keys/"))).toEqual([]);
    for (const [key, body] of kept) disks[1].overwrite(key, body);
    expect((await backUp()).state).toBe("complete");
    expect((await readAll(await house.open([dubai], made.backup), "rows")).toString()).toBe(table);
  });

  it("are not gone back behind: who deletes a generation undoes no rotation", async () => {
    await backUp();
    await rotateKeySet(house.tenant, disks, house.mint, never);
    expect((await backUp()).reusedBytes).toBe(0);
    for (const disk of disks)
      for (const key of disk.keys().filter((one) => one.includes("/keys/3."))) disk.lose(key);
    await expect(backUp()).rejects.toMatchObject({ code: "keys/signature" });
    const next = await rotateKeySet(house.tenant, disks, house.mint, never, 3);
    expect(next.keySet.generation).toBe(5);
  });
});

describe("a key set of which no store holds every part whole", () => {
  /** The statement is gone in one store, the identity altered in the other. */
  async function backUpAndBreak(): Promise<Awaited<ReturnType<typeof backUp>>> {
    const made = await backUp();
    const { identity, statement } = keySetKeys(house.tenant, 1);
    disks[0].overwrite(statement, Buffer.from("altered"));
    disks[1].overwrite(identity, Buffer.alloc(disks[1].bodyOf(identity).length, 65));
    return made;
  }

  it("opens the backup with each part from whichever store has it, as all its other objects", async () => {
    const { backup } = await backUpAndBreak();
    for (const stores of [
      [dubai, frankfurt],
      [frankfurt, dubai],
    ])
      expect((await readAll(await house.open(stores, backup), "rows")).toString()).toBe(table);
    for (const alone of [dubai, frankfurt])
      await expect(house.open([alone], backup)).rejects.toThrow(
        `tenants/acme/keys/1.${alone === dubai ? "jws" : "identity.age"} in ${alone.name}`,
      );
  });

  it("is named with its store by a backup that cannot use it, and how it comes back", async () => {
    await backUpAndBreak();
    await expect(backUp()).rejects.toMatchObject({
      code: "keys/signature",
      message: expect.stringMatching(/^tenants\/acme\/keys\/1\.jws in dubai: .*not a compact JWS$/),
      hint: expect.stringMatching(/`holdfast scrub acme`.*`holdfast heal acme`.*`holdfast keys rotate acme`/),
    });
  });
});

describe("two key sets of one generation", () => {
  it("are told apart by the statement that the inventory names, whichever store is asked first", async () => {
    const [here, there] = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
    await house.backUp([here], { rows: "another\n" });
    house.clock.advance(60_000);
    const made = await house.backUp([there], { rows: table });
    expect(here.keys()).toContain(keySetKeys(house.tenant, 1).statement);
    const copy = await house.open([here, there], made.backup);
    expect((await readAll(copy, "rows")).toString()).toBe(table);
  });
});
