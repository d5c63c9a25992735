/** A prune whose host dies at any change it makes to a store leaves every record whole and no gap, and the next one ends what it began (promises 1 and 6). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { prune } from "../../src/retention/prune.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, described, type House, never, rows } from "../support/repository-fixture.ts";
import { pruneOrder } from "../support/prune-order.ts";
import { daysOfBackups, dayMs, pass, pruneNow } from "../support/retention-fixture.ts";

const minuteMs = 60_000;
const terms = {
  places: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: "UTC",
  everyCopyWithinMs: dayMs,
};

let house: House;
/** Three backups, of which two are to go. */
let whole: readonly MemoryStore[];
/** The same, with their records gone and the grace time over. */
let ready: readonly MemoryStore[];
let wholeAt: number;
let readyAt: number;
/** What lies there in the end, lists aside, when nothing goes wrong. */
let end: readonly string[];

beforeAll(async () => {
  house = await buildHouse();
  whole = await described(house, memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock));
  await daysOfBackups(
    house,
    whole,
    [1, 2, 3].map((day) => ({ fixed: rows(99, 5000), moving: rows(day, 5000) })),
  );
  wholeAt = house.clock.now().getTime();
  ready = whole.map((store) => store.copy());
  await pruneNow(house, ready, { terms });
  pass(house.clock, graceMs);
  readyAt = house.clock.now().getTime();
  const last = ready.map((store) => store.copy());
  await pruneNow(house, last, { terms });
  end = contents(last);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

function contents(stores: readonly MemoryStore[]): readonly string[] {
  return stores.flatMap((store) =>
    store.keys().flatMap((key) => (key.includes("/condemned/") ? [] : [`${store.name} ${key}`])),
  );
}

interface Host {
  readonly wait: Waiting;
  /** The same stores, as this host reaches them until it dies. */
  readonly reach: (store: MemoryStore) => WholeStore;
}

/** A host that dies at its `last`-th change of a store: just before it is made, or just after. */
function mortal(last: number, isMade: boolean): Host {
  const death = new AbortController();
  let changes = 0;
  const change = async (make: () => Promise<void>): Promise<void> => {
    death.signal.throwIfAborted();
    changes += 1;
    if (changes < last) return make();
    if (isMade) await make();
    death.abort(new Failure("wait/cancelled", "the host died"));
    death.signal.throwIfAborted();
  };
  return {
    wait: { signal: death.signal },
    reach: (store) => ({
      name: store.name,
      stat: (key, wait) => store.stat(key, wait),
      read: (key, options, wait) => store.read(key, options, wait),
      list: (prefix, wait, after) => store.list(prefix, wait, after),
      versions: (key, wait) => store.versions(key, wait),
      clock: (wait) => store.clock(wait),
      create: (key, body, options, wait) => change(() => store.create(key, body, options, wait)),
      mend: (key, body, options, wait) => change(() => store.mend(key, body, options, wait)),
      remove: (key, version, wait) => change(() => store.remove(key, version, wait)),
    }),
  };
}

/** Whether it died. */
async function pruneUntilDeath(stores: readonly MemoryStore[], { wait, reach }: Host): Promise<boolean> {
  const order = pruneOrder(house, stores.map(reach), { terms });
  const run = prune(order, house, { isDry: false }, wait);
  return run.then(
    () => false,
    () => true,
  );
}

describe.each([
  ["while it condemns and withdraws", () => ({ from: whole, at: wholeAt })],
  ["while it removes", () => ({ from: ready, at: readyAt })],
])("a prune that dies %s", (_, given) => {
  it.each([
    ["before", false],
    ["after", true],
  ])("just %s any of its changes has broken nothing, and the next one ends it", async (__, isMade) => {
    const { from, at } = given();
    let deaths = 0;
    for (;;) {
      house.clock.advance(at - house.clock.now().getTime());
      const stores = from.map((store) => store.copy());
      if (!(await pruneUntilDeath(stores, mortal(deaths + 1, isMade)))) break;
      deaths += 1;
      expect(stores.flatMap(brokenPromises)).toEqual([]);
      const { gaps } = await tenantStates(house.tenant, house.library(stores), never);
      expect(gaps).toEqual([]);
      expect(await pruneNow(house, stores, { terms })).toMatchObject({ state: "pruned" });
      // A list is of another second than one that the dead host left.
      pass(house.clock, graceMs + minuteMs);
      expect(await pruneNow(house, stores, { terms })).toMatchObject({ state: "pruned", waiting: 0 });
      expect([...stores.flatMap(brokenPromises), ...contents(stores)]).toEqual(end);
    }
    expect(deaths).toBeGreaterThan(6);
  });
});

it("two prunes at once, by two hosts, do what one does", async () => {
  house.clock.advance(wholeAt - house.clock.now().getTime());
  const stores = whole.map((store) => store.copy());
  for (let day = 0; day < 3; day += 1) {
    const reports = await Promise.all([
      pruneNow(house, stores, { terms }),
      pruneNow(house, [...stores].toReversed(), { terms }),
    ]);
    expect(reports.map(({ state }) => state)).toEqual(["pruned", "pruned"]);
    expect(stores.flatMap(brokenPromises)).toEqual([]);
    pass(house.clock, graceMs);
  }
  const { gaps } = await tenantStates(house.tenant, house.library(stores), never);
  expect([gaps, contents(stores)]).toEqual([[], end]);
});
