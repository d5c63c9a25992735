/** Every damage there is, once, and fifty random tenants with nothing wrong: nothing is missed and nobody accused. */
import { expect, it } from "vitest";
import { checkNames } from "../../src/model/check.ts";
import { challengeJson } from "../support/challenge-report.ts";
import { holdfastCli } from "../support/transcript.ts";

it("finds all of them by whoever is to find them, every check but the assertions something that no other sees", async () => {
  const ran = await holdfastCli(["challenge", "--random", "50", "--json"]);
  const { damages, found, missed, falseAlarms, leftOut, results } = challengeJson.parse(
    JSON.parse(ran.stdout),
  );
  expect({ missed, falseAlarms, leftOut, exit: ran.exit }).toEqual({
    missed: [],
    falseAlarms: [],
    leftOut: [],
    exit: 0,
  });
  expect(found).toBe(damages);
  const alone = new Set(results.flatMap(({ by }) => (by.length === 1 ? by : [])));
  // What a plan asserts is about rows, which another check compares.
  expect(checkNames.filter((name) => !alone.has(name))).toEqual(["assertions"]);
});
