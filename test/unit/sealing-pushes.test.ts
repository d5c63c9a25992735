/** Room that a push was granted is given back when what was sealed under it has been placed, and not while it is held. */
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Budget } from "../../src/base/limit.ts";
import type { Answers, Ask } from "../../src/sealing/messages.ts";
import { PlaceLane } from "../../src/sealing/place-lane.ts";
import { Pushes } from "../../src/sealing/pushes.ts";
import { sealedRoom } from "../../src/sealing/sealing.ts";
import { patient } from "../support/sealing-data.ts";

const step = { chunks: [], waiting: null, spare: null, summary: null };
const chunk = { name: "a chunk", bytes: 5, sealed: { body: {}, sha256: "of its bytes" } };
/** Of one push of ten bytes, with a chunk more than it is expected to end. */
const whole = sealedRoom(10) + sealedRoom(0);

/** A worker that answers each kind of ask so. */
function answering(answers: { readonly push: object; readonly next: object }, said: string[]) {
  return {
    ask: async <Kind extends Ask["kind"]>({ kind }: Extract<Ask, { kind: Kind }>): Promise<Answers[Kind]> => {
      said.push(kind);
      return JSON.parse(JSON.stringify(kind === "push" ? answers.push : answers.next));
    },
  };
}

it("what was sealed before the worker stopped stays in the budget until it is placed", async () => {
  const said: string[] = [];
  const sealedBudget = new Budget(whole);
  const thread = answering(
    { push: { ...step, chunks: [chunk], waiting: whole }, next: { ...step, chunks: [chunk] } },
    said,
  );
  const place = async (): Promise<void> => {
    // Longer than it takes to ask for the next, if there were room for it.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    said.push("placed");
  };
  const lane = new PlaceLane(place, patient);
  const pushes = new Pushes({ thread, stream: 1, sealedBudget, lane }, patient);
  await pushes.push(new Uint8Array(10));
  await lane.idle();
  expect(said).toEqual(["push", "placed", "next", "placed"]);
  expect(sealedBudget.takeNow(whole)).not.toBeNull();
});

it("where nothing was sealed before it stopped, the room is free at once", async () => {
  const said: string[] = [];
  const sealedBudget = new Budget(whole);
  const thread = answering({ push: { ...step, waiting: whole }, next: { ...step, chunks: [chunk] } }, said);
  const lane = new PlaceLane(async () => void said.push("placed"), patient);
  await new Pushes({ thread, stream: 1, sealedBudget, lane }, patient).push(new Uint8Array(10));
  await lane.idle();
  expect(said).toEqual(["push", "next", "placed"]);
  expect(sealedBudget.takeNow(whole)).not.toBeNull();
});
