/** The long run of test/faults/line-to-postgres.test.ts: every fault at every moment, once and from then on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

describe.each(["backup", "restore"] as const)("a %s over a line to PostgreSQL", (verb) => {
  describe.each(Object.keys(moments[verb]))("that, %s,", (moment) => {
    it.each(Object.entries(postgresFaults))("%s, once and from then on", async (_, fault) => {
      for (const forGood of [false, true])
        expect((await trials.run(verb, moment, fault, forGood)).wrong).toEqual([]);
    });
  });
});
