/** Objects that vanish or are condemned while a backup runs never end up under a record (promise 2, traps 23, 26, 27). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compactUtc } from "../../src/base/clock.ts";
import { backupId, objectKey } from "../../src/model/ids.ts";
import { chunksPrefix, condemnedPrefix, parseChunkKey } from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import { faulty } from "../support/faulty-store.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import {
  buildHouse,
  type House,
  marked,
  markOf,
  never,
  readAll,
  rows,
} from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  await house.backUp([dubai, frankfurt], { rows: table });
  house.clock.advance(60_000);
});

const table = rows(5, 2_500_000);

function chunksIn(store: MemoryStore): string[] {
  return store.keys().filter((key) => parseChunkKey(key) !== null);
}

function twoChunksIn(store: MemoryStore): readonly [string, string] {
  const [first, second] = chunksIn(store);
  if (first === undefined || second === undefined) throw new Error("the table was to be cut into two chunks");
  return [first, second];
}

async function condemn(
  store: MemoryStore,
  keys: readonly string[],
  tenant: string = house.tenant,
): Promise<string> {
  const at = house.clock.now();
  const path = `${condemnedPrefix(house.tenant)}${compactUtc(at)}.jws`;
  const list = {
    format: { name: "holdfast-condemned", version: 1 },
    tenant,
    at: at.toISOString(),
    keys,
  };
  store.overwrite(path, await house.signer.sign("removal", list));
  return path;
}

describe("an object that a backup reuses", () => {
  it("is copied from another store when it vanishes from one before the record", async () => {
    const [victim = ""] = chunksIn(frankfurt);
    const made = await house.backUp(
      [dubai, frankfurt],
      { rows: table },
      { beforeCommit: () => frankfurt.lose(victim) },
    );
    expect(made.state).toBe("complete");
    expect(frankfurt.bodyOf(victim).equals(dubai.bodyOf(victim))).toBe(true);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it("ends the backup when it vanishes from every store, and the next one seals it anew", async () => {
    const [victim = ""] = chunksIn(dubai);
    const lose = (): void => {
      dubai.lose(victim);
      frankfurt.lose(victim);
    };
    await expect(
      house.backUp([dubai, frankfurt], { rows: table }, { beforeCommit: lose }),
    ).rejects.toMatchObject({ code: "backup/overtaken", retryable: true });
    expect(recordsIn(dubai).length).toBe(1);
    const next = await house.backUp([dubai, frankfurt], { rows: table });
    expect((await readAll(await house.open([dubai], next.backup), "rows")).toString()).toBe(table);
  });

  it("that vanishes again as soon as it was copied costs the store its copy", async () => {
    const [victim = ""] = chunksIn(frankfurt);
    const lossy = faulty(frankfurt);
    const made = await house.backUp(
      [dubai, lossy],
      { rows: table },
      { beforeCommit: () => lossy.hides(victim) },
    );
    expect(made.state).toBe("degraded");
    expect(recordsIn(frankfurt).length).toBe(1);
  });

  it("that is taken each time but does not stay costs the store its copy", async () => {
    const [victim = ""] = chunksIn(frankfurt);
    const forgetful = faulty(frankfurt);
    forgetful.every("list").does(() => frankfurt.lose(victim));
    const made = await house.backUp([dubai, forgetful], { rows: table });
    expect(made.state).toBe("degraded");
    expect(made.copies.get(frankfurt.name)?.message).toBe(`${victim} does not stay in frankfurt`);
    expect(recordsIn(frankfurt).length).toBe(1);
    expect(recordsIn(dubai).length).toBe(2);
    expect(brokenPromises(dubai)).toEqual([]);
  });

  it("is sealed anew when it was condemned before, in whichever store the list lies", async () => {
    const dead = chunksIn(dubai);
    await condemn(frankfurt, dead);
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.reusedBytes).toBe(0);
    const copy = await house.open([dubai], made.backup);
    expect([...copy.inventory.keys()].filter((key) => dead.includes(key))).toEqual([]);
  });

  it("ends the backup when it is condemned meanwhile, and nothing is recorded", async () => {
    const [victim = ""] = chunksIn(dubai);
    const condemning = { beforeCommit: async () => void (await condemn(dubai, [victim])) };
    await expect(house.backUp([dubai, frankfurt], { rows: table }, condemning)).rejects.toMatchObject({
      code: "backup/overtaken",
    });
    expect(recordsIn(dubai).length).toBe(1);
    expect((await house.backUp([dubai, frankfurt], { rows: table })).state).toBe("complete");
  });
});

describe("a condemned list that a backup has read when it began", () => {
  it("is not read again at its last look, while one that came meanwhile is", async () => {
    const [first, second] = twoChunksIn(dubai);
    const before = await condemn(dubai, [first]);
    house.clock.advance(1000);
    const watched = faulty(dubai);
    let after = "";
    const condemning = async (): Promise<void> => {
      after = await condemn(dubai, [`${second}0`]);
    };
    const made = await house.backUp([watched, frankfurt], { rows: table }, { beforeCommit: condemning });
    expect(made.state).toBe("complete");
    const reads = watched.calls.filter(({ operation }) => operation === "read").map(({ key }) => key);
    const read = (path: string): number => reads.filter((key) => key === path).length;
    expect([read(before), read(after)]).toEqual([1, 1]);
  });

  it("is read again where another one has taken its place", async () => {
    const [first, second] = twoChunksIn(dubai);
    const path = await condemn(dubai, [first]);
    const at = house.clock.now().toISOString();
    const format = { name: "holdfast-condemned", version: 1 };
    const list = { format, tenant: house.tenant, at, keys: [second] };
    const replace = async (): Promise<void> => {
      house.clock.advance(1000);
      dubai.overwrite(path, await house.signer.sign("removal", list));
    };
    await expect(
      house.backUp([dubai, frankfurt], { rows: table }, { beforeCommit: replace }),
    ).rejects.toMatchObject({ code: "backup/overtaken" });
  });

  it("ends every backup if it condemns key objects, which all of them name", async () => {
    const keys = dubai.keys().filter((key) => key.includes("/keys/"));
    await condemn(dubai, keys);
    await expect(house.backUp([dubai, frankfurt], { rows: table })).rejects.toMatchObject({
      code: "backup/overtaken",
    });
  });
});

describe("an erasure while a backup runs", () => {
  async function bury(): Promise<void> {
    const at = house.clock.now().toISOString();
    const grave = { format: { name: "holdfast-erased", version: 1 }, tenant: house.tenant, at };
    dubai.overwrite(`tenants/${house.tenant}/erased.jws`, await house.signer.sign("removal", grave));
  }

  it("ends it although nothing is removed yet", async () => {
    await expect(
      house.backUp([dubai, frankfurt], { rows: table }, { beforeCommit: bury }),
    ).rejects.toMatchObject({ code: "policy/refused" });
    expect([recordsIn(dubai).length, recordsIn(frankfurt).length]).toEqual([1, 1]);
  });

  it("ends it: no record is written, and no key object that was removed is put back (promise 10)", async () => {
    const gone = dubai.keys().filter((key) => key.includes("/keys/"));
    const erase = async (): Promise<void> => {
      await bury();
      for (const key of gone) dubai.lose(key);
    };
    await expect(
      house.backUp([dubai, frankfurt], { rows: table }, { beforeCommit: erase }),
    ).rejects.toMatchObject({ code: "policy/refused" });
    expect(recordsIn(dubai).length).toBe(1);
    expect(recordsIn(frankfurt).length).toBe(1);
    expect(dubai.keys().filter((key) => key.includes("/keys/"))).toEqual([]);
  });
});

describe("a condemned list that cannot be read", () => {
  it("stops all reuse but no backup", async () => {
    dubai.overwrite(`${condemnedPrefix(house.tenant)}20261121T000000Z.jws`, Buffer.from("noise"));
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.state).toBe("complete");
    expect(made.reusedBytes).toBe(0);
    expect(house.reuseOff).toEqual([`${condemnedPrefix(house.tenant)}20261121T000000Z.jws in dubai`]);
  });

  it("ends a backup that reuses something when it appears meanwhile", async () => {
    const path = `${condemnedPrefix(house.tenant)}20261121T000000Z.jws`;
    const plant = { beforeCommit: () => dubai.overwrite(path, Buffer.from("noise")) };
    await expect(house.backUp([dubai, frankfurt], { rows: table }, plant)).rejects.toMatchObject({
      code: "backup/overtaken",
    });
    dubai.lose(path);
    expect((await house.backUp([dubai, frankfurt], { rows: rows(99, 500_000) }, plant)).state).toBe(
      "complete",
    );
  });

  it("is one of another tenant's", async () => {
    await condemn(dubai, [], "bravo");
    expect((await house.backUp([dubai, frankfurt], { rows: table })).reusedBytes).toBe(0);
  });

  it("is one that lies under another list's path", async () => {
    const path = await condemn(dubai, []);
    dubai.overwrite(path.replace("/condemned/2026", "/condemned/2025"), dubai.bodyOf(path));
    expect((await house.backUp([dubai, frankfurt], { rows: table })).reusedBytes).toBe(0);
  });
});

describe("the last look", () => {
  it("finds a backup that has ended meanwhile, which is the one before", async () => {
    const others: string[] = [];
    const meanwhile = async (): Promise<void> => {
      others.push((await house.backUp([dubai, frankfurt], { rows: "meanwhile\n" })).backup);
    };
    const { backup } = await house.backUp([dubai, frankfurt], { rows: table }, { beforeCommit: meanwhile });
    const { record } = await house.open([dubai], backup);
    expect([record.previous?.backup, record.counter]).toEqual([others[0], 3]);
  });

  it("takes what is lacking from a store that has failed, where no other has it, and locks it as long", async () => {
    const lock = { mode: "compliance", keepMs: 30 * 24 * 3_600_000 } as const;
    const failing = faulty(frankfurt);
    const shelves = [dubai, failing].map((store) => ({ store: marked(store), lock }));
    await house.backUp([dubai, frankfurt], { rows: `${table}1\n` }, { order: { shelves } });
    house.clock.advance(60_000);
    const victim = chunksIn(dubai).find((key) => dubai.lockOf(key) !== null) ?? "";
    const first = dubai.lockOf(victim);
    failing.every("create").failsWith("store/full");
    const made = await house.backUp(
      [dubai, frankfurt],
      { rows: `${table}1\n` },
      { order: { shelves }, beforeCommit: () => dubai.lose(victim) },
    );
    expect(made.state).toBe("degraded");
    expect(brokenPromises(dubai)).toEqual([]);
    expect(first).not.toBeNull();
    expect(dubai.lockOf(victim)).toEqual(first);
  });

  it("is taken again when more than a quarter of the grace time goes by before the record", async () => {
    const watched = faulty(dubai);
    const [victim = ""] = chunksIn(dubai);
    let slow = true;
    // Reading the end of the chain comes after the look; there the time goes by, and a prune condemns.
    const signer: House["signer"] = {
      kid: house.signer.kid,
      sign: async (purpose, payload) => {
        if (purpose === "record" && slow) {
          slow = false;
          house.clock.advance(graceMs / 4 + 1);
          await condemn(dubai, [victim]);
        }
        return house.signer.sign(purpose, payload);
      },
    };
    const backingUp = house.backUp([watched, frankfurt], { rows: table }, { workshop: { signer } });
    await expect(backingUp).rejects.toMatchObject({ code: "backup/overtaken" });
    expect(recordsIn(dubai).length).toBe(1);
  });

  it("lists all of the tenant and then reads the condemned lists, after the last write but the record's", async () => {
    const watched = faulty(dubai);
    let list = "";
    const condemning = async (): Promise<void> => {
      list = await condemn(dubai, []);
    };
    await house.backUp([watched], { rows: table }, { beforeCommit: condemning });
    const last = watched.calls.findLastIndex(
      ({ operation, key }) => operation === "create" && !key.endsWith("record.jws"),
    );
    const after = watched.calls.slice(last + 1).map(({ operation, key }) => `${operation} ${key}`);
    expect(after.slice(0, 2)).toEqual([`list tenants/${house.tenant}/`, `read ${list}`]);
    expect(after.at(-1)).toMatch(/^create .*record\.jws$/);
    expect(after.length).toBe(3);
    // A listing is sorted, so one listing shows chunks before it shows what condemns them.
    expect(chunksPrefix(house.tenant, 1) < list).toBe(true);
  });
});

describe("what a proof found damaged in a store", () => {
  async function refute(store: MemoryStore, damaged: readonly string[]): Promise<void> {
    const [backup = ""] = recordsIn(store);
    const copy = await house.open([store], backupId.parse(backup));
    const content = {
      format: { name: "holdfast-proof" as const, version: 1 as const },
      tenant: house.tenant,
      backup: copy.record.backup,
      store: store.name,
      storeId: markOf(store),
      record: copy.recordSha256,
      verdict: "refuted" as const,
      at: house.clock.now().toISOString(),
      seconds: 1,
      host: "test-host",
      version: "0.1.0",
      checks: [],
      excluded: 0,
      damaged: damaged.map((key) => objectKey.parse(key)),
    };
    await writeProof(
      {
        proof: content,
        detail: { findings: [] },
        recipient: copy.keys.recipient,
        stores: [dubai, frankfurt],
      },
      { signer: house.signer, sealer: house.workshop.sealer },
      never,
    );
    house.clock.advance(60_000);
  }

  it("is sealed anew for all stores, since good bytes cannot be put over bad ones, and costs no store its copy", async () => {
    const damaged = chunksIn(dubai);
    for (const key of damaged) dubai.overwrite(key, flipped(dubai.bodyOf(key)));
    await refute(dubai, damaged);
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.state).toBe("complete");
    expect(made.reusedBytes).toBe(0);
    expect((await readAll(await house.open([dubai], made.backup), "rows")).toString()).toBe(table);
  });

  it("is copied from another store where it has gone from the damaged one", async () => {
    const damaged = chunksIn(dubai);
    await refute(dubai, damaged);
    for (const key of damaged) dubai.lose(key);
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.reusedBytes).toBeGreaterThan(1_000_000);
    expect(brokenPromises(dubai)).toEqual([]);
  });
});

function flipped(body: Buffer): Buffer {
  const altered = Buffer.from(body);
  altered.writeUInt8(altered.readUInt8(200) ^ 1, 200);
  return altered;
}
