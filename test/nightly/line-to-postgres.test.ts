/** The long run of test/faults/line-to-postgres.test.ts: every fault at every moment, once and from then on; or at those of HOLDFAST_PART. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partOf } from "../support/part.ts";
import {
  moments,
  openPostgresLineTrials,
  postgresFaults,
  type PostgresLineTrials,
} from "../support/postgres-line-trials.ts";

let trials: PostgresLineTrials;
beforeAll(async () => {
  trials = await openPostgresLineTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

const all = (["backup", "restore"] as const).flatMap((verb) =>
  Object.keys(moments[verb]).map((moment) => ({ verb, moment })),
);

describe.each(partOf(all))("a $verb over a line to PostgreSQL that, $moment,", ({ verb, moment }) => {
  let struck = 0;
  it.each(Object.entries(postgresFaults))("%s, once and from then on", async (_, fault) => {
    for (const forGood of [false, true]) {
      const { tookEffect, wrong } = await trials.run(verb, moment, fault, forGood);
      expect(wrong).toEqual([]);
      struck += tookEffect;
    }
  });
  // A fault may be too small for what is said, but where none strikes the moment is not said any more.
  it("is struck by some of them", () => expect(struck).toBeGreaterThan(0));
});
