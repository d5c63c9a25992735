/**
 * The long run of test/faults/line-to-store.test.ts: every fault at every request of every verb, once and from then on;
 * or those faults of HOLDFAST_PART, each at every request, since not every request has what a fault would strike.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  bodyFaults,
  lineFaults,
  type LineTrials,
  openLineTrials,
  storingVerbs,
  type Verb,
  verbs,
} from "../support/line-trials.ts";
import { partOf } from "../support/part.ts";
import type { Fault } from "../support/proxy-fault.ts";

let trials: LineTrials;
beforeAll(async () => {
  trials = await openLineTrials();
});
afterAll(async () => {
  await trials[Symbol.asyncDispose]();
});

interface Struck {
  readonly wrong: readonly string[];
  readonly tookEffect: number;
  /** Of all trials, in how many the fault was met. Some runs make a request less than the one that was counted. */
  readonly metShare: number;
}

async function everywhere(verb: Verb, fault: Fault): Promise<Struck> {
  const requests = await trials.requestsOf(verb);
  const wrong: string[] = [];
  let met = 0;
  let tookEffect = 0;
  for (let skip = 0; skip < requests; skip += 1) {
    for (const times of [1, Infinity]) {
      const trial = await trials.run(verb, fault, { skip, times });
      if (trial.met > 0) met += 1;
      tookEffect += trial.tookEffect;
      wrong.push(...trial.wrong.map((one) => `request ${String(skip)}, ${String(times)} times: ${one}`));
    }
  }
  return { wrong, tookEffect, metShare: met / (2 * requests) };
}

const faultsOf = (faults: Readonly<Record<string, Fault>>, of: readonly Verb[]) =>
  of.flatMap((verb) => Object.entries(faults).map(([name, fault]) => ({ verb, name, fault })));
const struck = [...faultsOf(lineFaults, verbs), ...faultsOf(bodyFaults, storingVerbs)];

it.each(partOf(struck))("$verb over a line that, at any request, $name", async ({ verb, fault }) => {
  const { wrong, tookEffect, metShare } = await everywhere(verb, fault);
  expect(wrong).toEqual([]);
  expect(tookEffect).toBeGreaterThan(0);
  expect(metShare).toBeGreaterThan(0.8);
});
