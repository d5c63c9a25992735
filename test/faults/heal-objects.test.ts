/** What heal does object by object: it goes on past what it cannot mend, touches nothing that is lied about, and states no more than it did (promises 1 and 9). */
import { describe, expect, it } from "vitest";
import { Budget } from "../../src/base/limit.ts";
import { inventoryKey } from "../../src/model/layout.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { writeLie } from "../support/lying-record.ts";
import { healIn, oneOfEach } from "../support/replication-fixture.ts";
import { rows } from "../support/repository-fixture.ts";
import { twoCopies } from "../support/two-copies.ts";

const copies = twoCopies(rows(13, 300_000));

describe("an object that cannot be mended", () => {
  it.each([
    ["store/refused", true],
    ["store/corrupt", true],
    ["store/absent", true],
    ["format/invalid", false],
  ] as const)("for %s holds up no other, and may return: %s", async (code, mayReturn) => {
    const { house, dubai, frankfurt, backup, manifest, chunk } = copies();
    for (const key of [chunk, manifest]) frankfurt.lose(key);
    const broken = faulty(frankfurt);
    for (const call of ["create", "mend"] as const) broken.every(call, chunk).failsWith(code);
    const report = await healIn(house, frankfurt.name, [dubai, broken]);
    expect(report).toMatchObject({ healed: 1, unhealed: [{ key: chunk, mayReturn }], backups: [backup] });
    expect(frankfurt.bodyOf(manifest).equals(dubai.bodyOf(manifest))).toBe(true);
  });

  it("since its store is away ends the heal", async () => {
    const { house, dubai, frankfurt, chunk } = copies();
    frankfurt.lose(chunk);
    const broken = faulty(frankfurt);
    broken.every("create", chunk).failsWith("store/unreachable");
    await expect(healIn(house, frankfurt.name, [dubai, broken])).rejects.toMatchObject({
      code: "store/unreachable",
    });
  });
});

describe("an inventory", () => {
  it("that no store has any more is told, and nothing of its backup is touched", async () => {
    const { house, dubai, frankfurt, inventory, chunk } = copies();
    for (const store of [dubai, frankfurt]) store.lose(inventory);
    frankfurt.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      backups: [],
      unhealed: [{ key: inventory, mayReturn: false }],
    });
  });

  it("that gives an object another length than it has is the one that is lost", async () => {
    const { house, dubai, frankfurt, backup, chunk } = copies();
    const evil = await writeLie(house, [dubai, frankfurt], backup, (line) =>
      line.key === chunk ? { ...line, bytes: line.bytes + 1 } : line,
    );
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    const reason = `it names ${chunk} with another length than it has`;
    expect(report.healed).toBe(0);
    expect(report.unhealed).toContainEqual({
      key: inventoryKey(house.tenant, evil),
      reason,
      mayReturn: false,
    });
    expect(report.unhealed.map(({ key }) => key)).not.toContain(chunk);
    expect(brokenPromises(frankfurt).filter((problem) => problem.includes(backup))).toEqual([]);
  });
});

describe("what is healed", () => {
  it("is stated where it was altered, and not where listings told", async () => {
    const { house, dubai, frankfurt, chunk } = copies();
    frankfurt.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 1,
      findingsIn: [],
    });
    frankfurt.overwrite(chunk, Buffer.from("short"));
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 1,
      findingsIn: ["dubai", "frankfurt"],
    });
  });

  it("takes its turn where there is room for one object alone", async () => {
    const { house, dubai, frankfurt, inventory, manifest, chunk } = copies();
    for (const key of [chunk, manifest, inventory]) frankfurt.lose(key);
    const inFlight = new Budget(1);
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt], { inFlight });
    expect(report).toMatchObject({ healed: 3, unhealed: [] });
    expect(inFlight.takeNow(1)).not.toBeNull();
  });

  it("names the backups that hold it, and no others", async () => {
    const { house, dubai, frankfurt, backup, manifest } = copies();
    const other = await house.backUp([dubai, frankfurt], { rows: rows(14, 300_000) });
    house.clock.advance(60_000);
    frankfurt.lose(manifest);
    expect((await healIn(house, frankfurt.name, [dubai, frankfurt])).backups).toEqual([backup]);
    const keys = oneOfEach(frankfurt, backup)["key identity"] ?? "";
    frankfurt.lose(keys);
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report).toMatchObject({ healed: 1, backups: [backup, other.backup].toSorted() });
  });
});
