/** Who writes a store cannot make a backup count, steer the chain, or feed altered bytes into a restore (promise 9; traps 23-25, 36). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { backupId } from "../../src/model/ids.ts";
import { parseChunkKey } from "../../src/model/layout.ts";
import { readNewRecords, readRecords } from "../../src/repository/records.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordsIn } from "../support/copy-reader.ts";
import { buildHouse, described, type House, never, readAll, rows } from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let first: string;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  await described(house, dubai, frankfurt);
  first = (await house.backUp([dubai, frankfurt], { rows: table })).backup;
  house.clock.advance(60_000);
});

const table = rows(11, 1_200_000);

function recordPath(backup: string): string {
  return `tenants/${house.tenant}/backups/${backup}/record.jws`;
}

/** The payload of the first record, changed, signed by the house or by whom the test wishes. */
async function plant(change: object, path: string, signer: House["signer"] = house.signer): Promise<void> {
  const payload = dubai.bodyOf(recordPath(first)).toString("latin1").split(".")[1] ?? "";
  const record: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  if (typeof record !== "object") throw new TypeError("a record is an object");
  dubai.overwrite(path, await signer.sign("record", { ...record, ...change }));
}

async function statesNow(
  stores: readonly MemoryStore[] = [dubai, frankfurt],
): Promise<ReturnType<typeof tenantStates>> {
  return tenantStates(house.tenant, house.library(stores), never);
}

describe("a record that is not to be believed", () => {
  const later = "20261121T120030Z-aaaaaa";
  const at = "2026-11-21T12:00:30.000Z";

  /** Sees that the record is neither believed nor in the way, and opened only to fail with that code; resolves with why. */
  async function disbelieved(
    backup: string,
    code = /^(keys\/signature|format\/unknown)$/,
  ): Promise<string | undefined> {
    const { backups, notes } = await statesNow();
    expect(backups.find((one) => one.backup === backup)).toMatchObject({ suspect: true });
    // It neither becomes the end of the chain nor stands in the way of the next backup.
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    const { record } = await house.open([dubai], made.backup);
    expect(record.previous?.backup).toBe(first);
    expect(record.counter).toBe(2);
    const opened: unknown = await house
      .open([dubai], backupId.parse(backup))
      .catch((error: unknown) => error);
    expect(isFailure(opened) && opened.code).toMatch(code);
    return notes.find((one) => one.backup === backup)?.note;
  }

  it("was signed by somebody unknown", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    await plant({ backup: later, at, counter: 9 }, recordPath(later), stranger);
    expect(await disbelieved(later)).toMatch(/^signer: .*unknown/);
  });

  it("has a flipped bit", async () => {
    const body = dubai.bodyOf(recordPath(first));
    body.writeUInt8(body.readUInt8(body.length - 20) ^ 1, body.length - 20);
    dubai.overwrite(recordPath(first), body);
    const { backups, notes } = await statesNow();
    expect(backups[0]?.suspect).toBe(false);
    expect([...(backups[0]?.copies.values() ?? [])].map(({ state }) => state)).toEqual([
      "damaged",
      "present",
    ]);
    expect(notes[0]?.note).toMatch(/^signature: /);
  });

  it("comes from the future", async () => {
    const future = "20271121T120030Z-aaaaaa";
    await plant({ backup: future, at: "2027-11-21T12:00:30.000Z", counter: 9 }, recordPath(future));
    expect(await disbelieved(future, /^source\/clock$/)).toMatch(/^future: /);
  });

  it("came from the future and was seen then, is believed once it is time", async () => {
    const finishedAt = new Date(house.clock.now().getTime() + 1_800_000).toISOString();
    await plant({ backup: later, at, finishedAt }, recordPath(later));
    const { tenant, library } = house;
    const seen = await readRecords(tenant, dubai, library([dubai]), never);
    expect(seen.map(({ standing }) => standing).toSorted()).toEqual(["good", "suspect"]);
    house.clock.advance(3_600_000);
    const now = await readNewRecords({ tenant, seen }, dubai, library([dubai]), never);
    expect(now.map(({ standing }) => standing)).toEqual(["good", "good"]);
  });

  it("has an end that lies in the future", async () => {
    const finishedAt = "2027-11-21T12:00:30.000Z";
    await plant({ backup: later, at, finishedAt, counter: 9 }, recordPath(later));
    expect(await disbelieved(later, /^source\/clock$/)).toMatch(/^future: /);
  });

  it("is bytes without end, which is damage and no newer Holdfast's work", async () => {
    dubai.overwrite(recordPath(first), Buffer.alloc(17 * 1024 * 1024, 65));
    await expect(house.open([dubai], backupId.parse(first))).rejects.toMatchObject({
      code: "format/invalid",
    });
  });

  it("is of a version unknown", async () => {
    await plant(
      { backup: later, at, counter: 9, format: { name: "holdfast-record", version: 2 } },
      recordPath(later),
    );
    expect(await disbelieved(later)).toMatch(/^format: /);
  });

  it("is of an engine unknown", async () => {
    await plant({ backup: later, at, counter: 9, engine: "postgres-physical" }, recordPath(later));
    expect(await disbelieved(later, /^format\/unknown$/)).toMatch(/^format: /);
  });

  it("lies under another backup's path, or says another time than its id", async () => {
    dubai.overwrite(recordPath(later), dubai.bodyOf(recordPath(first)));
    expect(await disbelieved(later)).toMatch(/^misplaced: it is the record of/);
    await plant({ backup: later, counter: 9 }, recordPath(later));
    const { notes } = await statesNow();
    expect(notes[0]?.note).toMatch(/^misplaced: its time/);
  });

  it("is another tenant's", async () => {
    await plant({ tenant: "bravo", backup: later, at }, recordPath(later));
    expect(await disbelieved(later)).toMatch(/^misplaced: it is a record of tenant bravo/);
  });

  it("was signed for another purpose", async () => {
    dubai.overwrite(recordPath(later), await house.signer.sign("proof", { tenant: house.tenant }));
    expect(await disbelieved(later)).toMatch(/^signature: .*not signed as a record/);
  });
});

describe("records that a store withholds", () => {
  it("show as a gap", async () => {
    const second = await house.backUp([dubai, frankfurt], { rows: table });
    for (const store of [dubai, frankfurt]) store.lose(recordPath(first));
    expect((await statesNow()).gaps).toEqual([
      { kind: "gap", backup: second.backup, missing: first, reason: "absent" },
    ]);
  });

  it("do not show as one while another store has them", async () => {
    await house.backUp([dubai, frankfurt], { rows: table });
    dubai.lose(recordPath(first));
    expect((await statesNow()).gaps).toEqual([]);
  });
});

describe("altered bytes", () => {
  async function aChunk(): Promise<string> {
    const copy = await house.open([dubai], backupId.parse(first));
    return [...copy.inventory.keys()].find((key) => parseChunkKey(key) !== null) ?? "";
  }

  it("of one store are replaced by another's, object by object, and told", async () => {
    const key = await aChunk();
    const body = dubai.bodyOf(key);
    body.writeUInt8(body.readUInt8(300) ^ 4, 300);
    dubai.overwrite(key, body);
    const copy = await house.open([dubai, frankfurt], backupId.parse(first));
    expect((await readAll(copy, "rows")).toString()).toBe(table);
    expect(copy.from()).toEqual(["dubai", "frankfurt"]);
    expect(copy.damage()).toEqual([{ store: "dubai", key, reason: "altered" }]);
  });

  it("are refused where there is no other store", async () => {
    const key = await aChunk();
    for (const [damage, code] of [
      [(): void => dubai.overwrite(key, dubai.bodyOf(key).subarray(1)), "store/corrupt"],
      [(): void => dubai.overwrite(key, Buffer.alloc(dubai.bodyOf(key).length)), "store/corrupt"],
      [(): void => dubai.lose(key), "store/absent"],
    ] as const) {
      damage();
      const copy = await house.open([dubai], backupId.parse(first));
      await expect(readAll(copy, "rows")).rejects.toMatchObject({ code });
    }
  });

  it("are a failure, not damage, when the store cannot be asked", async () => {
    const store = faulty(dubai);
    const copy = await house.open([store], backupId.parse(first));
    store.isDown();
    await expect(readAll(copy, "rows")).rejects.toMatchObject({ code: "store/unreachable" });
    expect(copy.damage()).toEqual([]);
  });

  it("need not be feared of a store that is down: it is asked once, and the other serves", async () => {
    const [gone, other] = [faulty(dubai), faulty(frankfurt)];
    gone.isDown();
    const copy = await house.open([gone, other], backupId.parse(first));
    expect((await readAll(copy, "rows")).toString()).toBe(table);
    expect(copy.from()).toEqual(["frankfurt"]);
    expect(copy.damage()).toEqual([]);
    expect(gone.calls.length).toBe(1);
  });

  it("of the inventory or the manifest, be they another backup's own, are refused", async () => {
    const second = (await house.backUp([dubai], { rows: "other\n" })).backup;
    for (const name of ["inventory.zst", "manifest.age"]) {
      const [mine, other] = [first, second].map((id) => `tenants/${house.tenant}/backups/${id}/${name}`);
      const good = dubai.bodyOf(mine ?? "");
      dubai.overwrite(mine ?? "", dubai.bodyOf(other ?? ""));
      await expect(house.open([dubai], backupId.parse(first))).rejects.toMatchObject({
        code: "store/corrupt",
      });
      expect((await house.open([dubai, frankfurt], backupId.parse(first))).manifest.backup).toBe(first);
      dubai.overwrite(mine ?? "", good);
    }
  });

  it("of another tenant do not pass for this one's", async () => {
    await using neighbour = await buildHouse("bravo");
    const theirs = memoryStore("dubai", neighbour.clock);
    await neighbour.backUp([theirs], { rows: table });
    const key = await aChunk();
    const other = theirs.keys().find((one) => parseChunkKey(one) !== null) ?? "";
    dubai.overwrite(key, theirs.bodyOf(other));
    const copy = await house.open([dubai], backupId.parse(first));
    await expect(readAll(copy, "rows")).rejects.toMatchObject({ code: "store/corrupt" });
  });
});

describe("garbage laid out beforehand", () => {
  it("under the names of chunks is not reused, for no trusted inventory names it", async () => {
    const fresh = memoryStore("oslo", house.clock);
    await house.backUp([fresh], { rows: "keys are born\n" });
    house.clock.advance(60_000);
    // Its author knows the names of this tenant's chunks from another store, and guesses the digest's place.
    for (const key of dubai.keys().filter((one) => parseChunkKey(one) !== null)) {
      fresh.overwrite(key.replace(/-[0-9a-f]{64}$/, `-${"0".repeat(64)}`), Buffer.alloc(1000));
    }
    const made = await house.backUp([fresh], { rows: table });
    expect(made.reusedBytes).toBe(0);
    expect((await readAll(await house.open([fresh], made.backup), "rows")).toString()).toBe(table);
  });

  it("as a tombstone costs that store its copy, not the tenant its backup; a signed one ends both", async () => {
    const path = `tenants/${house.tenant}/erased.jws`;
    dubai.overwrite(path, Buffer.from("gone"));
    const made = await house.backUp([dubai, frankfurt], { rows: table });
    expect(made.state).toBe("degraded");
    expect(made.copies.get(dubai.name)?.code).toBe("keys/signature");
    const stone = {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: "2026-11-21T12:00:00.000Z",
    };
    dubai.overwrite(path, await house.signer.sign("removal", stone));
    await expect(house.backUp([dubai, frankfurt], { rows: table })).rejects.toMatchObject({
      code: "policy/refused",
    });
  });

  it("as a forged recipient stops the backup before a byte is read", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const path = `tenants/${house.tenant}/keys/1.jws`;
    for (const store of [dubai, frankfurt])
      store.overwrite(path, await stranger.sign("key", { tenant: house.tenant }));
    const before = recordsIn(dubai);
    await expect(house.backUp([dubai, frankfurt], { rows: table })).rejects.toMatchObject({
      code: "keys/signature",
    });
    expect(recordsIn(dubai)).toEqual(before);
  });
});

describe("two backups at once", () => {
  it("both succeed, name the same predecessor or each other, and leave no gap", async () => {
    const [one, other] = await Promise.all([
      house.backUp([dubai, frankfurt], { rows: `${table}one\n` }),
      house.backUp([dubai, frankfurt], { rows: `${table}other\n` }),
    ]);
    expect(one.backup).not.toBe(other.backup);
    expect((await readAll(await house.open([dubai], one.backup), "rows")).toString()).toBe(`${table}one\n`);
    expect((await readAll(await house.open([frankfurt], other.backup), "rows")).toString()).toBe(
      `${table}other\n`,
    );
    expect((await statesNow()).gaps).toEqual([]);
  });

  it("that draw the same id end up under two", async () => {
    const drawn: number[] = [];
    // The first two draws of letters are the same; what follows is chance.
    const chance = (bytes: number): Buffer => Buffer.alloc(bytes, Math.floor(drawn.push(bytes) / 3));
    const one = await house.backUp([dubai], { rows: "a\n" }, { workshop: { chance } });
    const other = await house.backUp([dubai], { rows: "b\n" }, { workshop: { chance } });
    expect(other.backup).not.toBe(one.backup);
    expect((await readAll(await house.open([dubai], one.backup), "rows")).toString()).toBe("a\n");
    expect((await readAll(await house.open([dubai], other.backup), "rows")).toString()).toBe("b\n");
  });
});
