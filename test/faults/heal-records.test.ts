/** What heal does where a record is not believed: it brings the backup as a copy that is missing, or leaves all as it is and says why (promises 1 and 9). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner } from "../../src/keys/signing.ts";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { condemnedKey } from "../../src/model/layout.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordIn } from "../support/lying-record.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach } from "../support/replication-fixture.ts";
import { buildHouse, type House, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backup: BackupId;
let record: ObjectKey;
let chunk: ObjectKey;

const garbage = Buffer.from("garbage");

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  ({ backup } = await house.backUp([dubai, frankfurt], { rows: rows(12, 300_000) }));
  house.clock.advance(60_000);
  const found = oneOfEach(frankfurt, backup);
  if (found["record"] === undefined || found["chunk"] === undefined) throw new Error("nothing there");
  ({ record, chunk } = { record: found["record"], chunk: found["chunk"] });
});

/** What lies under the record's key in the store that was healed. */
const recordHere = (): string => frankfurt.bodyOf(record).toString();

describe("a record that is damaged", () => {
  beforeEach(() => frankfurt.overwrite(record, garbage));

  it("comes back with what else is lacking of its backup", async () => {
    frankfurt.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 2,
      unhealed: [],
      backups: [backup],
    });
    expect(frankfurt.bodyOf(record).equals(dubai.bodyOf(record))).toBe(true);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it("stays where a list of what is condemned cannot be read, until it can", async () => {
    const at = house.clock.now();
    const list = {
      format: { name: "holdfast-condemned", version: 1 },
      tenant: house.tenant,
      at: at.toISOString(),
      keys: [record],
    };
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const listKey = condemnedKey(house.tenant, at);
    dubai.overwrite(listKey, await stranger.sign("removal", list));
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report).toMatchObject({
      healed: 0,
      backups: [],
      unhealed: [{ key: record, reason: "a condemned list cannot be read", mayReturn: true }],
    });
    expect(report.notes).toContainEqual(
      expect.stringMatching(`${listKey} in dubai is not trusted .*; records are not brought back meanwhile`),
    );
    expect(recordHere()).toBe("garbage");
  });

  it("stays where no store holds what it names", async () => {
    for (const store of [dubai, frankfurt]) store.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      backups: [],
      unhealed: [{ key: chunk, mayReturn: false }],
    });
    expect(recordHere()).toBe("garbage");
  });

  it("stays where what it names is condemned", async () => {
    const at = house.clock.now();
    const format = { name: "holdfast-condemned", version: 1 };
    const list = { format, tenant: house.tenant, at: at.toISOString(), keys: [chunk] };
    dubai.overwrite(condemnedKey(house.tenant, at), await house.signer.sign("removal", list));
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      unhealed: [{ key: record, reason: `${chunk} is condemned`, mayReturn: false }],
    });
    expect(recordHere()).toBe("garbage");
  });

  it("stays with its neighbour, who vouches for nothing that was not healed", async () => {
    const table = rows(12, 300_000);
    const { backup: next } = await house.backUp([dubai, frankfurt], { rows: table });
    house.clock.advance(60_000);
    const neighbour = oneOfEach(frankfurt, next)["record"] ?? "";
    frankfurt.overwrite(neighbour, garbage);
    dubai.lose(chunk);
    const body = frankfurt.bodyOf(chunk);
    frankfurt.overwrite(chunk, Buffer.alloc(body.length, 7));
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({ healed: 0, backups: [] });
    expect([recordHere(), frankfurt.bodyOf(neighbour).toString()]).toEqual(["garbage", "garbage"]);
  });

  it.each([
    ["is full", "store/full"],
    ["does not keep it", "store/corrupt"],
  ] as const)("stays where its store %s, and may come back", async (_what, code) => {
    const broken = faulty(frankfurt);
    broken.every("mend", record).failsWith(code);
    expect(await healIn(house, frankfurt.name, [dubai, broken])).toMatchObject({
      healed: 0,
      backups: [],
      unhealed: [{ key: record, mayReturn: true }],
    });
    expect(recordHere()).toBe("garbage");
  });
});

describe("a record that is another than in other stores", () => {
  it("and is signed as well is left", async () => {
    const other = { ...recordIn(dubai, house, backup), host: "another-host" };
    frankfurt.overwrite(record, await house.signer.sign("record", other));
    const before = recordHere();
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      unhealed: [],
    });
    expect(recordHere()).toBe(before);
  });

  it("and is of a newer format is left", async () => {
    const newer = { ...recordIn(dubai, house, backup), format: { name: "holdfast-record", version: 99 } };
    frankfurt.overwrite(record, await house.signer.sign("record", newer));
    const before = recordHere();
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      unhealed: [],
    });
    expect(recordHere()).toBe(before);
  });
});
