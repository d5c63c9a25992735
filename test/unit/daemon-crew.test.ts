/** How many jobs of a queue a host works at once follows what it is told, and cuts no job short. */
import { expect, it } from "vitest";
import { gatherCrew, type Crew } from "../../src/daemon/crew.ts";

interface Hired {
  busy: boolean;
  asked: boolean;
  readonly left: PromiseWithResolvers<void>;
}

function crewOf(failures = 0): { readonly crew: Crew; readonly hired: Hired[]; readonly at: () => number } {
  const hired: Hired[] = [];
  let failing = failures;
  const crew = gatherCrew(async () => {
    await Promise.resolve();
    if (failing-- > 0) throw new Error("the catalog is away");
    const one: Hired = { busy: false, asked: false, left: Promise.withResolvers() };
    hired.push(one);
    return {
      isBusy: () => one.busy,
      stop: () => {
        one.asked = true;
        if (!one.busy) one.left.resolve();
        return one.left.promise;
      },
    };
  });
  return { crew, hired, at: () => hired.filter(({ asked }) => !asked).length };
}

it("adds places beside a job that runs, without waiting for it", async () => {
  const { crew, hired, at } = crewOf();
  await crew.resize(1);
  for (const one of hired) one.busy = true;
  await crew.resize(3);
  expect(at()).toBe(3);
  expect(hired[0]?.asked).toBe(false);
});

it("takes idle places away first, and counts a place until its job has ended", async () => {
  const { crew, hired, at } = crewOf();
  await crew.resize(3);
  for (const one of hired.slice(0, 2)) one.busy = true;
  await crew.resize(1);
  expect(hired.map(({ asked }) => asked)).toEqual([false, true, true]);
  await crew.resize(2);
  expect(at()).toBe(1);
  hired[1]?.left.resolve();
  await new Promise(setImmediate);
  await crew.resize(2);
  expect(at()).toBe(2);
});

it("is as many as told after any number of changes", async () => {
  const { crew, at } = crewOf();
  for (const places of [2, 4, 3, 0, 1]) await crew.resize(places);
  await new Promise(setImmediate);
  await crew.resize(3);
  expect(at()).toBe(3);
});

it("hires those that could not be hired the next time", async () => {
  const { crew, at } = crewOf(1);
  await expect(crew.resize(2)).rejects.toThrow("away");
  await crew.resize(2);
  expect(at()).toBe(2);
});

it("is dismissed once the last job has ended, those sent away before too", async () => {
  const { crew, hired } = crewOf();
  await crew.resize(2);
  for (const one of hired) one.busy = true;
  await crew.resize(1);
  let gone = false;
  const dismissed = crew.dismiss().then(() => (gone = true));
  hired[0]?.left.resolve();
  await new Promise(setImmediate);
  expect(gone).toBe(false);
  hired[1]?.left.resolve();
  await dismissed;
});
