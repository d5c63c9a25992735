/**
 * The long run of test/faults/killed-at-steps.test.ts: the program is killed at every step of every verb, or at those of
 * HOLDFAST_PART.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Killed, killedVerbs, type KillTrials, openKillTrials } from "../support/kill-at-steps.ts";
import { isWhole, part } from "../support/part.ts";
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

/** One run takes a step less than another, which of a part of few steps may be one of two. */
function mostOf({ length }: readonly number[]): number {
  return isWhole ? length * 0.8 : Math.min(length * 0.8, length - 1.5);
}

describe.each(killedVerbs)("a %s that is killed", (verb) => {
  it("at any step has broken nothing, and the next one ends it", async () => {
    const steps = part(await trials.stepsOf(verb));
    const all: Killed[] = [];
    for (const step of steps) all.push(await trials.kill(verb, step));
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(all.filter(({ struck }) => struck).length).toBeGreaterThan(mostOf(steps));
  });
});

describe.each(pruneSteps)("a prune that %s and is killed", (step) => {
  it("at any request has broken nothing, and the next one ends it", async () => {
    const requests = part(await prunes.requestsOf(step));
    const all: Killed[] = [];
    for (const at of requests) all.push(await prunes.kill(step, at));
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(all.filter(({ struck }) => struck).length).toBeGreaterThan(mostOf(requests));
  });
});
