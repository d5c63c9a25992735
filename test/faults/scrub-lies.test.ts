/** What a scrub signs is what it saw: neither a signer of records nor a second key set nor a signer who was let go makes good objects count as damaged (traps 22 to 25). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner, createTrustRing } from "../../src/keys/signing.ts";
import { type BackupId, holdId, type ObjectKey } from "../../src/model/ids.ts";
import {
  condemnedRecordsKey,
  findingsPrefix,
  holdKey,
  inventoryKey,
  keySetKeys,
  recordKey,
} from "../../src/model/layout.ts";
import { tenantStates } from "../../src/repository/states.ts";
import type { ScrubReport } from "../../src/scrub/report.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordIn, writeLie } from "../support/lying-record.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach, scrubIn } from "../support/replication-fixture.ts";
import { buildHouse, type House, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backup: BackupId;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  ({ backup } = await house.backUp([dubai, frankfurt], { rows: rows(29, 300_000) }));
  house.clock.advance(60_000);
});

async function scrubbed(store: WholeStore, trust: House["trust"] = house.trust): Promise<ScrubReport> {
  const stores = [dubai, frankfurt].map((one) => (one.name === store.name ? store : one));
  const report = await scrubIn(house, store.name, stores, { trust });
  house.clock.advance(60_000);
  return report;
}

async function stateOf(id: BackupId, store: MemoryStore): Promise<string | undefined> {
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return backups.find((one) => one.backup === id)?.copies.get(store.name)?.state;
}

describe("an inventory that lies about the objects of another backup", () => {
  it("by their digests speaks against its own backup alone, and for good", async () => {
    const zeros = "0".repeat(64);
    const lie = await writeLie(house, [dubai, frankfurt], backup, (line) =>
      line.key.includes("/chunks/") ? { ...line, sha256: zeros } : line,
    );
    const told = inventoryKey(house.tenant, lie);
    const report = await scrubbed(frankfurt);
    expect(report).toMatchObject({ damagedKeys: [told], missing: 0, recovered: 0 });
    expect(report.notes.join()).toContain(`${lie} is not to be believed, though its record is signed`);
    expect(await stateOf(lie, frankfurt)).toBe("damaged");
    expect(await stateOf(backup, frankfurt)).toBe("present");
    const healed = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(healed).toMatchObject({ healed: 0, whole: 0, findingsIn: [] });
    expect(healed.unhealed).toMatchObject([{ key: told, mayReturn: false }]);
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [told], recovered: 0, findingsIn: [] });
  });

  it("by their lengths speaks against its own backup alone", async () => {
    const lie = await writeLie(house, [dubai, frankfurt], backup, (line) =>
      line.key.includes("/chunks/") ? { ...line, bytes: line.bytes - 1 } : line,
    );
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [inventoryKey(house.tenant, lie)] });
    expect(await stateOf(backup, frankfurt)).toBe("present");
  });

  it("by the digest of a key object hides no damaged chunk of that digest", async () => {
    const { chunk = "" } = oneOfEach(frankfurt, backup);
    const digest = chunk.slice(-64);
    await writeLie(house, [dubai, frankfurt], backup, (line) =>
      line.key.endsWith("identity.age") ? { ...line, sha256: digest } : line,
    );
    frankfurt.overwrite(chunk, Buffer.alloc(frankfurt.bodyOf(chunk).length, 7));
    const report = await scrubbed(frankfurt);
    expect(report.damagedKeys).toEqual([chunk]);
    expect(await stateOf(backup, dubai)).toBe("present");
  });
});

describe("two key sets of one number", () => {
  it("damage nothing: what does not open from here is told, and no key flips", async () => {
    const other = memoryStore("frankfurt", house.clock);
    const { backup: late } = await house.backUp([other], { rows: "other\n" });
    house.clock.advance(60_000);
    for (const key of dubai.keys().filter((one) => !one.includes("/keys/")))
      if (!other.keys().includes(key)) other.overwrite(key, dubai.bodyOf(key));
    frankfurt = other;
    for (let round = 0; round < 2; round += 1) {
      const report = await scrubbed(frankfurt);
      expect(report).toMatchObject({ damaged: 0, missing: 0, findingsIn: [], unopenable: [backup] });
      expect(report.notes.join()).toContain("another key set");
    }
    expect(await stateOf(late, frankfurt)).toBe("present");
  });

  it("are told of once, however many backups they keep from opening", async () => {
    const { backup: second } = await house.backUp([dubai], { rows: rows(31, 300_000) });
    const other = memoryStore("frankfurt", house.clock);
    await house.backUp([other], { rows: "other\n" });
    house.clock.advance(60_000);
    for (const key of dubai.keys().filter((one) => !one.includes("/keys/")))
      if (!other.keys().includes(key)) other.overwrite(key, dubai.bodyOf(key));
    const { notes, unopenable } = await scrubbed(other);
    expect(unopenable).toEqual([backup, second].toSorted());
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /is whole, and of another key set than \S+ and 1 more: they do not open from here$/,
    );
  });

  it("do not hide a key object that is really damaged", async () => {
    const { identity } = keySetKeys(house.tenant, 1);
    const evil = Buffer.alloc(frankfurt.bodyOf(identity).length, 7);
    frankfurt.overwrite(identity, evil);
    await writeLie(house, [dubai, frankfurt], backup, (line) =>
      line.key === identity ? { ...line, sha256: sha256(evil) } : line,
    );
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [identity], unopenable: [] });
  });
});

describe("key objects that a line makes longer than they may be", () => {
  it("accuse nobody", async () => {
    const store = faulty(frankfurt);
    store.every("read", "identity.age").failsWith("store/corrupt");
    await expect(scrubbed(store)).rejects.toMatchObject({ code: "store/protocol" });
    expect(await stateOf(backup, frankfurt)).toBe("present");
  });

  it("accuse the store when they are that long where they lie", async () => {
    const { identity } = keySetKeys(house.tenant, 1);
    frankfurt.overwrite(identity, Buffer.alloc(1024 * 1024 + 1));
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [identity] });
  });
});

describe("a signer who is not trusted any more", () => {
  it("damages nothing: what it signed is told apart", async () => {
    const retired = await newSigningKey();
    const old = await createSigner(retired.privateJwk);
    const place = recordKey(house.tenant, backup);
    const record = recordIn(frankfurt, house, backup);
    for (const store of [dubai, frankfurt]) store.overwrite(place, await old.sign("record", record));
    const hold = holdId.parse("20261121T120000Z-aaaaaa");
    frankfurt.overwrite(holdKey(house.tenant, hold), await old.sign("removal", { hold }));
    const report = await scrubbed(frankfurt);
    expect(report).toMatchObject({ damaged: 0, missing: 0, untrusted: 2, findingsIn: [] });
    expect(report.notes).toHaveLength(2);
    expect(report.notes.every((note) => note.startsWith("signer not trusted: "))).toBe(true);
    expect((await healIn(house, frankfurt.name, [dubai, frankfurt])).unhealed).toEqual([]);
    const may = ["record", "proof", "key", "removal"] as const;
    const until = new Date(house.clock.now().getTime() - 86_400_000);
    const trust = await createTrustRing([
      { jwk: retired.publicJwk, may, until },
      { jwk: house.publicJwk, may },
    ]);
    expect(await scrubbed(frankfurt, trust)).toMatchObject({ damaged: 0, untrusted: 2 });
  });

  it("is no excuse where another store shows what ought to lie there", async () => {
    const place = recordKey(house.tenant, backup);
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    frankfurt.overwrite(place, await stranger.sign("record", recordIn(dubai, house, backup)));
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [place], untrusted: 0 });
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 1,
      unhealed: [],
    });
    expect(frankfurt.bodyOf(place).equals(dubai.bodyOf(place))).toBe(true);
  });
});

describe("a hold", () => {
  const laid = (id: string): ObjectKey => holdKey(house.tenant, holdId.parse(id));
  const [first, second] = ["20261121T120000Z-aaaaaa", "20261121T120000Z-bbbbbb"] as const;

  it("of a stranger is damage where another store shows what ought to lie there", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const hold = heldBy(first);
    dubai.overwrite(laid(first), await house.signer.sign("removal", hold));
    frankfurt.overwrite(laid(first), await stranger.sign("removal", hold));
    expect(await scrubbed(frankfurt)).toMatchObject({ damagedKeys: [laid(first)], untrusted: 0, notes: [] });
  });

  it("of a stranger that no store explains is told, once for all of them", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    for (const id of [second, first])
      frankfurt.overwrite(laid(id), await stranger.sign("removal", heldBy(id)));
    const report = await scrubbed(frankfurt);
    expect(report).toMatchObject({ damaged: 0, untrusted: 2 });
    expect(report.notes).toEqual([`signer not trusted: ${laid(first)} and 1 more`]);
  });

  function heldBy(hold: string): Readonly<Record<string, unknown>> {
    const at = house.clock.now().toISOString();
    const format = { name: "holdfast-hold", version: 1 };
    return { format, tenant: house.tenant, hold, backup: null, reason: "litigation", at, host: "h" };
  }
});

describe("a backup that was condemned and is kept", () => {
  it("is looked after as any other: what it lacks is told", async () => {
    const at = house.clock.now();
    const format = { name: "holdfast-condemned", version: 1 };
    const list = { format, tenant: house.tenant, at: at.toISOString() };
    const keys = [recordKey(house.tenant, backup)];
    frankfurt.overwrite(
      condemnedRecordsKey(house.tenant, at),
      await house.signer.sign("removal", { ...list, keys }),
    );
    const { chunk = "" } = oneOfEach(frankfurt, backup);
    frankfurt.lose(chunk);
    expect(await scrubbed(frankfurt)).toMatchObject({ missingKeys: [chunk] });
    expect(frankfurt.keys().some((key) => key.startsWith(findingsPrefix(house.tenant)))).toBe(false);
  });
});
