/** The long run of test/faults/killed-at-steps.test.ts: the program is killed at every step of every verb. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Killed, killedVerbs, type KillTrials, openKillTrials } from "../support/kill-at-steps.ts";

let trials: KillTrials;
beforeAll(async () => {
  trials = await openKillTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

describe.each(killedVerbs)("a %s that is killed", (verb) => {
  it("at any step has broken nothing, and the next one ends it", async () => {
    const steps = await trials.stepsOf(verb);
    const all: Killed[] = [];
    for (let step = 0; step < steps; step += 1) all.push(await trials.kill(verb, step));
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(all.filter(({ struck }) => struck).length).toBeGreaterThan(steps * 0.8);
  });
});
