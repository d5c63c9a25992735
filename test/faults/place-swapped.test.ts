/** A volume that goes away while work runs, or another that takes its place, leaves a folder that answers: it is not the store (promises 1, 2, 4 and 5). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ByteRate } from "../../src/base/byte-rate.ts";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { recordKey } from "../../src/model/layout.ts";
import { damagedKeys, joinStatements, readStatements } from "../../src/repository/known-damage.ts";
import { heal } from "../../src/replication/heal.ts";
import { replicate } from "../../src/replication/replicate.ts";
import { scrub } from "../../src/scrub/scrub.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { verifyCopy } from "../../src/verify/verify-copy.ts";
import { type BackedUpHouse, backedUpHouse } from "../support/backed-up-house.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { deskOf, oneOfEach } from "../support/replication-fixture.ts";
import { type House, never } from "../support/repository-fixture.ts";
import { allEqual, verifyDesk } from "../support/verify-desk.ts";

/** What lies where the path of a store leads now. */
class MountPoint implements WholeStore {
  at: MemoryStore;
  /** Called before something is written. */
  onWrite: (key: ObjectKey) => void = () => undefined;
  /** Called before a chunk is read. */
  onChunk: () => void = () => undefined;
  constructor(at: MemoryStore) {
    this.at = at;
  }
  get name(): MemoryStore["name"] {
    return volume.name;
  }
  stat: WholeStore["stat"] = (key, wait) => this.at.stat(key, wait);
  read: WholeStore["read"] = (key, options, wait) => {
    if (key.includes("/chunks/")) this.onChunk();
    return this.at.read(key, options, wait);
  };
  list: WholeStore["list"] = (prefix, wait, after) => this.at.list(prefix, wait, after);
  versions: WholeStore["versions"] = (key, wait) => this.at.versions(key, wait);
  clock: WholeStore["clock"] = (wait) => this.at.clock(wait);
  remove: WholeStore["remove"] = (key, version, wait) => this.at.remove(key, version, wait);
  create: WholeStore["create"] = (key, body, options, wait) => {
    this.onWrite(key);
    return this.at.create(key, body, options, wait);
  };
  mend: WholeStore["mend"] = (key, body, options, wait) => {
    this.onWrite(key);
    return this.at.mend(key, body, options, wait);
  };
}

let house: House;
let sealing: BackedUpHouse["sealing"];
let backup: BackupId;
let made: BackedUpHouse;
let dubai: MemoryStore;
let volume: MemoryStore;
/** What is left of the path of Frankfurt's volume: an empty folder of the root disk. */
let folder: MemoryStore;
let frankfurt: MountPoint;

beforeAll(async () => {
  made = await backedUpHouse();
  ({ house, sealing, backup } = made);
});
afterAll(async () => {
  await made[Symbol.asyncDispose]();
});
beforeEach(() => {
  [dubai, volume] = [made.dubai.copy(), made.frankfurt.copy()];
  folder = memoryStore("frankfurt", house.clock);
  frankfurt = new MountPoint(volume);
});

function shelves(): { readonly store: WholeStore; readonly lock: null }[] {
  return [dubai, frankfurt].map((store) => ({ store, lock: null }));
}

function takeAway(): void {
  frankfurt.at = folder;
}

/** The path leads to where Dubai's copies lie. */
function swap(): void {
  frankfurt.at = dubai;
}

function recordsIn(store: MemoryStore): ObjectKey[] {
  return store.keys().filter((key) => key.endsWith("/record.jws"));
}

describe("a backup of which a volume goes away", () => {
  for (const [how, happen] of [
    ["goes away", takeAway],
    ["is another store's from then on", swap],
  ] as const)
    it(`counts no copy there when it ${how}`, async () => {
      const before = recordsIn(volume);
      const done = await house.backUp(
        [dubai, frankfurt],
        { rows: "b\n" },
        { order: { shelves: shelves() }, beforeCommit: happen },
      );
      expect(done.state).toBe("degraded");
      expect(done.copies.get(volume.name)).toMatchObject({ code: "store/unreachable" });
      expect(recordsIn(folder)).toEqual([]);
      expect(recordsIn(volume)).toEqual(before);
      expect(dubai.keys()).toContain(recordKey(house.tenant, done.backup));
    });

  it("fails where the quorum wants that store", async () => {
    const backingUp = house.backUp(
      [dubai, frankfurt],
      { rows: "b\n" },
      { order: { shelves: shelves(), quorum: 2 }, beforeCommit: takeAway },
    );
    await expect(backingUp).rejects.toMatchObject({ code: "store/quorum" });
    expect(recordsIn(folder)).toEqual([]);
  });
});

describe("a verify of which a volume goes away", () => {
  for (const [how, happen] of [
    ["the folder is empty", takeAway],
    ["the folder is another store's", swap],
  ] as const)
    it(`neither proves nor refutes anything when ${how}`, async () => {
      const chunk = oneOfEach(volume, backup)["chunk"] ?? "";
      const desk = verifyDesk({ house, sealing }, [dubai, volume]);
      const tryOut: typeof allEqual = async (image, wait) => {
        happen();
        return allEqual(image, wait);
      };
      const order = { tenant: house.tenant, backup, store: frankfurt, proofStores: [dubai, volume], tryOut };
      const report = await verifyCopy(desk, order, never);
      expect(report.verdict).toBe("inconclusive");
      expect(report.error).toMatchObject({ code: "store/unreachable" });
      const { trust, clock } = house;
      const { proofs } = await readStatements(house.tenant, dubai, { trust, clock }, never);
      for (const proof of proofs) {
        expect(proof.verdict).toBe("inconclusive");
        expect(proof.damaged).not.toContain(chunk);
      }
    });
});

describe("a scrub of which a volume goes away", () => {
  for (const [how, happen] of [
    ["an empty folder", takeAway],
    ["another store", swap],
  ] as const)
    it(`says nothing of what lies in ${how}`, async () => {
      const chunk = spoilChunk();
      await scrubNow();
      expect(await damagedInVolume()).toEqual([chunk]);
      frankfurt.onChunk = happen;
      await expect(scrubNow()).rejects.toMatchObject({ code: "store/unreachable" });
      expect(await damagedInVolume()).toEqual([chunk]);
    });
});

function spoilChunk(): ObjectKey {
  const { chunk } = oneOfEach(volume, backup);
  if (chunk === undefined) throw new Error("there is no chunk");
  volume.overwrite(chunk, volume.bodyOf(chunk).fill(0, 50, 60));
  return chunk;
}

async function damagedInVolume(): Promise<readonly ObjectKey[]> {
  const { trust, clock } = house;
  const said = await readStatements(house.tenant, dubai, { trust, clock }, never);
  return [...damagedKeys(joinStatements([said], new Map()), volume.name, null)];
}

async function scrubNow(): Promise<void> {
  const { tenant, trust, clock, signer } = house;
  const library = { stores: [dubai, frankfurt], trust, clock };
  const rate = new ByteRate(() => null);
  await scrub(
    { tenant, store: frankfurt, library, findingsStores: [dubai] },
    { rate, monotonicMs: () => 0, signer, host: "test-host" },
    () => undefined,
    never,
  );
}

describe("copies that are brought to a volume that goes away", () => {
  it("are not called copied, and no record is left in the folder", async () => {
    for (const key of volume.keys()) if (key.startsWith("tenants/")) volume.lose(key);
    frankfurt.onWrite = takeAway;
    const { copies } = await replicate(house.tenant, shelves(), deskOf(house), () => undefined, never);
    expect(copies).toMatchObject([{ store: "frankfurt", result: "failed" }]);
    expect(recordsIn(folder)).toEqual([]);
  });

  it("heal nothing that lies in the volume", async () => {
    spoilChunk();
    const tryOut = allEqual;
    const desk = verifyDesk({ house, sealing }, [dubai, volume]);
    const order = { tenant: house.tenant, backup, store: volume, proofStores: [dubai, volume], tryOut };
    expect((await verifyCopy(desk, order, never)).verdict).toBe("refuted");
    frankfurt.onWrite = takeAway;
    const healing = { tenant: house.tenant, store: volume.name, menders: shelves() };
    const report = heal(healing, deskOf(house), () => undefined, never);
    await expect(report).rejects.toMatchObject({ code: "store/unreachable" });
    expect(dubai.keys().filter((key) => key.includes("/findings/"))).toEqual([]);
  });
});
