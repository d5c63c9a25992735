/**
 * A line to a store that goes wrong at any request ends no verb in a lie: it does its work, or says that the store
 * could not be reached, and the next run does it (promises 1, 2, 5 and 6). All requests in turn: test/nightly.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bodyFaults,
  lineFaults,
  type LineTrials,
  openLineTrials,
  storingVerbs,
  type Verb,
  verbs,
} from "../support/line-trials.ts";
import type { Fault } from "../support/proxy-fault.ts";

let trials: LineTrials;
beforeAll(async () => {
  trials = await openLineTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

const faults = Object.entries(lineFaults);

/** At one request, counted from where in the verb `at` (0 to 1) says. */
async function effectOf(verb: Verb, fault: Fault, at: number): Promise<number> {
  const requests = await trials.requestsOf(verb);
  const first = Math.round(at * (requests - 1));
  // Of a short request or answer nothing is cut off; and the last request is not made in every run.
  let tookEffect = 0;
  for (let tried = 0; tookEffect === 0 && tried < requests; tried += 1) {
    const trial = await trials.run(verb, fault, { skip: (first + tried) % requests, times: 1 });
    expect(trial.wrong).toEqual([]);
    ({ tookEffect } = trial);
  }
  return tookEffect;
}

describe.each(verbs)("%s over a line that", (verb) => {
  it.each(faults)("%s", async (_, fault) => {
    // Another request for each fault, so that all of them together try many.
    const at = faults.findIndex(([, one]) => one === fault) / (faults.length - 1);
    expect(await effectOf(verb, fault, at)).toBe(1);
  });
});

describe.each(storingVerbs)("%s over a line that", (verb) => {
  it.each(Object.entries(bodyFaults))("%s", async (_, fault) => {
    expect(await effectOf(verb, fault, 0.5)).toBe(1);
  });
});

describe.each(verbs)("%s over a line that from the middle on", (verb) => {
  it.each(["is reset", "is told to slow down"])("%s, again and again", async (name) => {
    const requests = await trials.requestsOf(verb);
    const fault = lineFaults[name] ?? { kind: "breaks", how: "reset" };
    const { wrong, tookEffect } = await trials.run(verb, fault, { skip: requests >> 1, times: Infinity });
    expect(wrong).toEqual([]);
    expect(tookEffect).toBeGreaterThan(0);
  });
});

describe.each(["backup", "read", "heal", "scrub"] as const)(
  "%s over a line that from its first answer on",
  (verb) => {
    it("spoils each in another way, accuses no store", async () => {
      const { wrong, tookEffect } = await trials.run(
        verb,
        { kind: "answer-spoilt" },
        { skip: 0, times: Infinity },
      );
      expect(wrong).toEqual([]);
      expect(tookEffect).toBeGreaterThan(0);
    });
  },
);
