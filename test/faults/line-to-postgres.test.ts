/**
 * A line to PostgreSQL that goes wrong at any moment of a backup or a restore ends it with the loss of that line and
 * nothing else: nothing counts that is not whole, nothing is left on the server that nobody told of, and the next run
 * does it (promises 1, 2, 5 and 11). Every fault at every moment: test/nightly.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  openPostgresLineTrials,
  postgresFaults,
  type PostgresLineTrials,
  type PostgresVerb,
} from "../support/postgres-line-trials.ts";

let trials: PostgresLineTrials;
beforeAll(async () => {
  trials = await openPostgresLineTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

async function endOf(verb: PostgresVerb, moment: string, name: string, forGood = false): Promise<string> {
  const fault = postgresFaults[name] ?? { kind: "breaks", how: "reset" };
  const { ended, tookEffect, wrong } = await trials.run(verb, moment, fault, forGood);
  expect(wrong).toEqual([]);
  expect(tookEffect).toBeGreaterThan(0);
  return ended;
}

describe("a backup over a line that", () => {
  it.each([
    ["as it connects", "is closed", "source/unreachable"],
    ["as the snapshot is exported", "goes silent", "source/lost"],
    ["as pg_dump connects", "is reset in the middle of the answer", "source/lost"],
    ["as pg_dump reads", "goes silent", "source/lost"],
    ["as pg_dump reads", "dries up", "source/lost"],
    ["in the middle of rows", "goes silent in the middle of the answer", "source/lost"],
    ["in the middle of rows", "dries up", "source/lost"],
    ["in the readings", "is closed in the middle of the answer", "source/lost"],
    ["at the holder's commit", "goes silent with the answer", "source/lost"],
  ])("%s %s, is lost", async (moment, name, code) => {
    expect(await endOf("backup", moment, name)).toBe(`1 ${code}`);
  });

  it.each([
    ["in the middle of rows", "trickles"],
    ["as tables are locked", "lags"],
  ])("%s %s, is made", async (moment, name) => {
    expect(await endOf("backup", moment, name)).toBe("0 ");
  });
});

describe("a restore over a line that", () => {
  it.each([
    ["as its login is made", "is reset", "1 target/lost"],
    ["as the schema is loaded", "is closed in the middle of the answer", "1 target/lost"],
    ["in the middle of rows", "goes silent", "1 target/lost"],
    ["in the middle of rows", "takes up next to nothing", "1 target/lost"],
    ["at its last statement", "goes silent with the answer", "1 target/lost"],
    // What was loaded stays, and nobody says that it was compared.
    ["as rows are compared", "goes silent", "4 "],
  ])("%s %s, is lost", async (moment, name, end) => {
    expect(await endOf("restore", moment, name)).toBe(end);
  });

  it("is gone for good in the middle of rows, leaves what the next one says how to clear away", async () => {
    expect(await endOf("restore", "in the middle of rows", "is reset", true)).toBe("1 target/lost");
  });
});

describe("what all of them left in the stores", () => {
  it("is brought back with stock tools alone, and equals the source", async () => {
    expect(await trials.differencesByHand()).toEqual([]);
  });
});
