/** What heal does where a record is not believed: it brings the backup as a copy that is missing, or leaves all as it is and says why (promises 1 and 9). */
import { beforeEach, describe, expect, it } from "vitest";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { condemnedKey, recordKey } from "../../src/model/layout.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordIn } from "../support/lying-record.ts";
import { healIn } from "../support/replication-fixture.ts";
import { rows } from "../support/repository-fixture.ts";
import { twoCopies } from "../support/two-copies.ts";

const copies = twoCopies(rows(12, 300_000));
const garbage = Buffer.from("garbage");

/** What lies under the record's key in the store that was healed. */
function recordHere(): string {
  const { frankfurt, record } = copies();
  return frankfurt.bodyOf(record).toString();
}

describe("a record that is damaged", () => {
  beforeEach(() => {
    const { frankfurt, record } = copies();
    frankfurt.overwrite(record, garbage);
  });

  it("comes back with what else is lacking of its backup", async () => {
    const { house, dubai, frankfurt, backup, record, chunk } = copies();
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
    const { house, dubai, frankfurt, record } = copies();
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
    const { house, dubai, frankfurt, chunk } = copies();
    for (const store of [dubai, frankfurt]) store.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      backups: [],
      unhealed: [{ key: chunk, mayReturn: false }],
    });
    expect(recordHere()).toBe("garbage");
  });

  it("stays where what it names is condemned", async () => {
    const { house, dubai, frankfurt, record, chunk } = copies();
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
    const { house, dubai, frankfurt, chunk } = copies();
    const table = rows(12, 300_000);
    const { backup: next } = await house.backUp([dubai, frankfurt], { rows: table });
    house.clock.advance(60_000);
    const neighbour = recordKey(house.tenant, next);
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
    const { house, dubai, frankfurt, record } = copies();
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
  it.each([
    ["is signed as well", { host: "another-host" }],
    ["is of a newer format", { format: { name: "holdfast-record", version: 99 } }],
  ])("and %s is left", async (_what, change) => {
    const { house, dubai, frankfurt, backup, record } = copies();
    const other = { ...recordIn(dubai, house, backup), ...change };
    frankfurt.overwrite(record, await house.signer.sign("record", other));
    const before = recordHere();
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      unhealed: [],
    });
    expect(recordHere()).toBe(before);
  });
});
