/** What replicating believes of stores and of signers: nothing that it has not seen for itself (traps 23, 24). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { type BackupId, tenantId } from "../../src/model/ids.ts";
import { inventoryKey, keySetKeys, manifestKey, recordKey } from "../../src/model/layout.ts";
import { writeFindings } from "../../src/repository/findings.ts";
import { chunkLockFactor } from "../../src/repository/locks.ts";
import { replicate } from "../../src/replication/replicate.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordIn, writeLie } from "../support/lying-record.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { deskOf, mending, replicateAll } from "../support/replication-fixture.ts";
import { buildHouse, type House, marked, markOf, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backups: readonly [BackupId, BackupId, BackupId];

const table = rows(41, 3_000_000);

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  const backUp = async (tail: string): Promise<BackupId> => {
    const { backup } = await house.backUp([dubai], { rows: table + tail });
    house.clock.advance(60_000);
    return backup;
  };
  backups = [await backUp(""), await backUp("1\n"), await backUp("2\n")];
});

const chunksOf = (store: MemoryStore) => store.keys().filter((key) => key.includes("/chunks/"));
const resultsOf = async (stores: Parameters<typeof replicateAll>[1]) =>
  (await replicateAll(house, stores)).copies.map(({ result }) => result);

describe("a store that does not keep what it is given", () => {
  it("holds up no backup but those that name it, and is told what does not stay", async () => {
    const names = await namesOf(backups[0]);
    const own = chunksOf(dubai).find((key) => !names.has(key));
    if (own === undefined) throw new Error("nothing that the first backup does not name");
    const forgetful = faulty(frankfurt);
    forgetful.every("list", "/chunks/").does(() => frankfurt.lose(own));
    const report = await replicateAll(house, [dubai, forgetful]);
    const failed = report.copies.filter(({ result }) => result === "failed");
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(backups.length);
    expect(new Set(failed.map(({ detail }) => detail))).toEqual(
      new Set([`${own} does not stay in frankfurt`]),
    );
    expect(report.down).toEqual([]);
    expect(recordsIn(frankfurt)).toEqual(
      backups.filter((backup) => failed.every((one) => one.backup !== backup)),
    );
  });

  it("is not believed to have mended what does not read back", async () => {
    const names = await namesOf(backups[0]);
    const chunk = chunksOf(dubai).find((key) => names.has(key)) ?? "";
    frankfurt.overwrite(chunk, Buffer.alloc(dubai.bodyOf(chunk).length, 7));
    const stuck = faulty(frankfurt);
    stuck.every("read", chunk).flipsBit(3);
    const report = await replicateAll(house, [dubai, stuck]);
    expect(new Set(report.copies.map(({ detail }) => detail))).toEqual(
      new Set([`${chunk} in frankfurt does not read back as it was mended`]),
    );
    expect(recordsIn(frankfurt)).toEqual([]);
  });

  it("has no record written once it is full", async () => {
    const full = faulty(frankfurt);
    full.every("create", "record.jws").failsWith("store/full");
    const report = await replicateAll(house, [dubai, full]);
    expect(report.down).toMatchObject([{ store: "frankfurt", failure: { code: "store/full" } }]);
    expect(
      full.calls.filter(({ operation, key }) => operation === "create" && key.endsWith("record.jws")),
    ).toHaveLength(1);
  });
});

describe("a record that lies there already", () => {
  it("and is not believed is told as damaged, for heal to mend", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    const key = recordKey(house.tenant, backups[1]);
    frankfurt.overwrite(key, Buffer.from("garbage"));
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    expect(copies).toMatchObject([{ backup: backups[1], store: "frankfurt", result: "damaged" }]);
    expect(copies[0]?.detail).toContain("its record is not believed: ");
    expect(frankfurt.bodyOf(key).toString()).toBe("garbage");
  });

  it("and is another that is signed as well is told, and left", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    const key = recordKey(house.tenant, backups[1]);
    const other = await house.signer.sign("record", {
      ...recordIn(dubai, house, backups[1]),
      host: "another-host",
    });
    frankfurt.overwrite(key, other);
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    const detail = "another record, signed as well, lies there under that name";
    expect(copies).toMatchObject([{ backup: backups[1], result: "failed", detail }]);
    expect(frankfurt.bodyOf(key).equals(Buffer.from(other))).toBe(true);
    expect(dubai.bodyOf(key).equals(Buffer.from(other))).toBe(false);
  });

  it("and came while ours was on its way is left as it is", async () => {
    const key = recordKey(house.tenant, backups[0]);
    const watched = faulty(frankfurt);
    watched.next("create", key).does(() => frankfurt.overwrite(key, dubai.bodyOf(key)));
    expect(await resultsOf([dubai, watched])).toEqual(["copied", "copied", "copied"]);
    expect(watched.calls.filter(({ operation }) => operation === "mend")).toEqual([]);
  });
});

describe("what neighbours vouch for", () => {
  it.for([0, 1, 2] as const)("is not read again where backup %i of three is lacking", async (lacking) => {
    await replicateAll(house, [dubai, frankfurt]);
    frankfurt.lose(recordKey(house.tenant, backups[lacking]));
    const others = backups.filter((backup) => backup !== backups[lacking]);
    const vouched = new Set((await Promise.all(others.map(namesOf))).flatMap((names) => [...names]));
    const shared = [...(await namesOf(backups[lacking]))].filter((key) => vouched.has(key));
    expect(shared.filter((key) => key.includes("/chunks/")).length).toBeGreaterThan(0);
    const watched = faulty(frankfurt);
    expect(await resultsOf([dubai, watched])).toEqual(["copied"]);
    const read = watched.calls.filter(({ operation }) => operation === "read").map(({ key }) => key);
    expect(shared.filter((key) => read.includes(key))).toEqual([]);
  });

  it("is read where a finding says that it is damaged", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    frankfurt.lose(recordKey(house.tenant, backups[1]));
    const [names, others] = [await namesOf(backups[1]), await namesOf(backups[0])];
    const chunk = chunksOf(dubai).find((key) => names.has(key) && others.has(key));
    if (chunk === undefined) throw new Error("nothing that both backups name");
    frankfurt.overwrite(chunk, Buffer.alloc(dubai.bodyOf(chunk).length, 7));
    const about = { tenant: house.tenant, store: frankfurt.name, storeId: markOf(frankfurt), host: "h" };
    const order = { ...about, at: house.clock.now(), damaged: [chunk], healed: [], stores: [dubai] };
    await writeFindings(order, house, never);
    house.clock.advance(60_000);
    expect(await resultsOf([dubai, frankfurt])).toEqual(["copied"]);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });
});

describe("an inventory that gives an object of another backup other bytes", () => {
  it("has nothing written over, though a store holds those bytes under that name", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    const victim = manifestKey(house.tenant, backups[0]);
    const own = frankfurt.bodyOf(victim);
    const bytes = Buffer.from("other bytes");
    const [chunk] = chunksOf(dubai);
    const stated = { key: victim, bytes: bytes.length, sha256: sha256(bytes) };
    const evil = await writeLie(house, [dubai], backups[0], (line) => (line.key === chunk ? stated : line));
    dubai.overwrite(victim, bytes);
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    expect(copies).toMatchObject([{ backup: evil, store: "frankfurt", result: "lost" }]);
    expect(copies[0]?.detail).toContain("with bytes that nothing fixes");
    expect(frankfurt.bodyOf(victim).equals(own)).toBe(true);
  });
});

describe("a store that locks what it is given", () => {
  it("locks inventory and record for as long as the manifest", async () => {
    const dayMs = 24 * 3_600_000;
    const lock = { mode: "compliance", keepMs: 30 * dayMs } as const;
    const source = memoryStore("dubai", house.clock);
    const startedAt = house.clock.now();
    const order = { shelves: [{ store: marked(source), lock }] };
    const { backup } = await house.backUp([source], { rows: table }, { order });
    const menders = mending(source, frankfurt).map(({ store }) => ({ store, lock }));
    await replicate(house.tenant, menders, deskOf(house), () => undefined, never);
    const until = new Date(startedAt.getTime() + lock.keepMs);
    for (const key of [manifestKey, inventoryKey, recordKey].map((keyOf) => keyOf(house.tenant, backup)))
      expect([key, frankfurt.lockOf(key)]).toEqual([key, { mode: lock.mode, until }]);
    const [chunk = ""] = chunksOf(frankfurt);
    const longer = new Date(startedAt.getTime() + lock.keepMs * chunkLockFactor);
    expect(frankfurt.lockOf(chunk)).toEqual({ mode: lock.mode, until: longer });
  });
});

describe("a set of keys", () => {
  const keys = keySetKeys(tenantId.parse("acme"), 1);

  it.for(["identity", "id"] as const)(
    "whose %s an inventory gives other bytes than its own statement does is not written",
    async (part) => {
      const other = memoryStore("dubai", house.clock);
      await house.backUp([other], { rows: "other\n" });
      const bytes = other.bodyOf(keys[part]);
      const lie = await misstated(keys[part], bytes);
      const { copies } = await replicateAll(house, [dubai, frankfurt]);
      const own = copies.filter(({ backup }) => backup === lie);
      expect(own).toMatchObject([{ store: "frankfurt", result: "failed" }]);
      expect(own[0]?.detail).toBe(`an inventory names ${keys[part]} with other bytes than its key statement`);
      expect(frankfurt.keys()).not.toContain(keys[part]);
    },
  );

  it("whose statement nobody signed is not written", async () => {
    const bytes = Buffer.from("no statement");
    const lie = await misstated(keys.statement, bytes);
    const { copies } = await replicateAll(house, [dubai, frankfurt]);
    const own = copies.filter(({ backup }) => backup === lie);
    expect(own).toMatchObject([{ store: "frankfurt", result: "lost" }]);
    expect(own[0]?.detail).toContain(keys.statement);
    expect(frankfurt.keys()).not.toContain(keys.statement);
  });

  it("that came whole while ours was on its way is not written over", async () => {
    const other = memoryStore("frankfurt", house.clock);
    await house.backUp([other], { rows: "other\n" });
    const born = other.keys().filter((key) => key.includes("/keys/"));
    const watched = faulty(frankfurt);
    watched.next("create", keys.statement).does(() => {
      for (const key of born) frankfurt.overwrite(key, other.bodyOf(key));
    });
    const { copies } = await replicateAll(house, [dubai, watched]);
    expect(copies.map(({ result }) => result)).toEqual(["failed", "failed", "failed"]);
    expect(copies[0]?.detail).toContain("another key set");
    for (const key of born) expect(frankfurt.bodyOf(key).equals(other.bodyOf(key))).toBe(true);
  });

  /** A backup whose inventory says that the key object has these bytes, which a store has under its name. */
  async function misstated(key: string, bytes: Buffer): Promise<BackupId> {
    const lie = await writeLie(house, [dubai], backups[0], (line) =>
      line.key === key ? { ...line, bytes: bytes.length, sha256: sha256(bytes) } : line,
    );
    dubai.overwrite(key, bytes);
    return lie;
  }
});

/** The keys of all that it names, as a restore opens it. */
async function namesOf(backup: BackupId): Promise<ReadonlySet<string>> {
  return new Set((await house.open([dubai], backup)).inventory.keys());
}
