/** What a trial found is not signed with the date of a clock that was set meanwhile, be it good or bad of the copy (trap 36). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { failed, judge, passed } from "../../src/model/check.ts";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import type { Trial } from "../../src/verify/trial.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, noon } from "../support/repository-fixture.ts";
import { tried } from "../support/verify-desk.ts";

const yearMs = 365 * 86_400_000;

let house: House;
let opener: ReturnType<typeof startSealing>;
let store: MemoryStore;
let backup: BackupId;

beforeAll(async () => {
  house = await buildHouse();
  opener = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
  store = memoryStore("dubai", new ManualClock(noon));
  await described(house, store);
  ({ backup } = await house.backUp([store], { rows: "a\n" }));
});
afterAll(async () => {
  await opener[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
});

/** Of a copy that is found so; the clock is put ahead by as much while it is tried. */
async function triedWhile(found: () => Trial["checks"], aheadMs: number): Promise<Trial> {
  const clock = new ManualClock(house.clock.now());
  return tried({ house, sealing: opener, clock }, { backup, store }, () => {
    clock.advance(aheadMs);
    return Promise.resolve({ checks: found(), notes: [] });
  });
}

const lostRow = { subject: "table public.bill", difference: "a row is missing" };

describe("a trial during which the clock is set", () => {
  it("says nothing of a copy that lost a row, and lists what it saw", async () => {
    const lost = (): Trial["checks"] => [failed("tables", 1, [lostRow])];
    expect(judge((await triedWhile(lost, 0)).checks)).toBe("refuted");
    const trial = await triedWhile(lost, yearMs);
    expect([judge(trial.checks), trial.failure?.code]).toEqual(["inconclusive", "store/clock"]);
    expect(trial.checks.find(({ name }) => name === "tables")?.findings).toEqual([lostRow]);
  });

  it("says nothing of a good copy", async () => {
    const trial = await triedWhile(() => [passed("tables", 1, "equal")], yearMs);
    expect([judge(trial.checks), trial.failure?.code]).toEqual(["inconclusive", "store/clock"]);
  });

  it("says nothing of a copy that could not be restored", async () => {
    const damaged = (): never => {
      throw new Failure("store/corrupt", "an object is damaged");
    };
    expect(judge((await triedWhile(damaged, 0)).checks)).toBe("refuted");
    const lost: ObjectKey[] = [];
    const trial = await triedWhile(damaged, -yearMs);
    expect([judge(trial.checks), trial.failure?.code, trial.damaged]).toEqual([
      "inconclusive",
      "store/clock",
      lost,
    ]);
  });
});
