/**
 * The long run of test/faults/line-to-store.test.ts: every fault at every request of every verb, once and from then on;
 * or at those of HOLDFAST_PART.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyFaults, lineFaults, type LineTrials, openLineTrials, verbs } from "../support/line-trials.ts";
import { part } from "../support/part.ts";

let trials: LineTrials;
beforeAll(async () => {
  trials = await openLineTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

describe.each(verbs)("%s over a line that, at any request,", (verb) => {
  it.each(Object.entries({ ...lineFaults, ...bodyFaults }))("%s", async (_, fault) => {
    const requests = part(await trials.requestsOf(verb));
    const wrong: string[] = [];
    let met = 0;
    let tookEffect = 0;
    for (const skip of requests) {
      for (const times of [1, Infinity]) {
        const trial = await trials.run(verb, fault, { skip, times });
        if (trial.met > 0) met += 1;
        tookEffect += trial.tookEffect;
        wrong.push(...trial.wrong.map((one) => `request ${String(skip)}, ${String(times)} times: ${one}`));
      }
    }
    expect(wrong).toEqual([]);
    expect(tookEffect).toBeGreaterThan(0);
    // Some runs make a request less than the one that was counted.
    expect(met).toBeGreaterThan(2 * requests.length * 0.8);
  });
});
