/** The program, killed at some of its steps, leaves nothing that counts and is not whole, and the next run does what it could not (promises 1, 2, 5 and 11). At every step: test/nightly. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Killed, killedVerbs, type KillTrials, openKillTrials } from "../support/kill-at-steps.ts";
import { openPruneKills, type PruneKills, pruneSteps } from "../support/prune-kills.ts";

let trials: KillTrials;
let prunes: PruneKills;
beforeAll(async () => {
  trials = await openKillTrials();
  prunes = await openPruneKills();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
  await prunes[Symbol.asyncDispose]();
});

/** Some runs take a few steps less than the one that was counted. */
async function lastStruck(steps: number, kill: (step: number) => Promise<Killed>): Promise<void> {
  let struck = false;
  for (let step = steps - 1; !struck && step > steps * 0.8; step -= 1) {
    const last = await kill(step);
    expect(last.wrong).toEqual([]);
    ({ struck } = last);
  }
  expect(struck).toBe(true);
}

describe.each(killedVerbs)("a %s that is killed", (verb) => {
  it("in the middle and at its last step has broken nothing, and the next one ends it", async () => {
    const steps = await trials.stepsOf(verb);
    expect(steps).toBeGreaterThan(4);
    expect(await trials.kill(verb, steps >> 1)).toEqual({ struck: true, wrong: [] });
    await lastStruck(steps, (step) => trials.kill(verb, step));
  });
});

describe("what all that were killed left in a bucket", () => {
  it("is brought back with stock tools alone, and equals the source", async () => {
    expect(await trials.differencesByHand()).toEqual([]);
  });
});

describe.each(pruneSteps)("a prune that %s and is killed", (step) => {
  it("in the middle and at its last request has broken nothing, and the next one ends it", async () => {
    const requests = await prunes.requestsOf(step);
    expect(await prunes.kill(step, requests >> 1)).toEqual({ struck: true, wrong: [] });
    await lastStruck(requests, (at) => prunes.kill(step, at));
  });
});
