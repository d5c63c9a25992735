/** By which clocks what the stores hold is looked at, and that what to restore is chosen only where they all choose the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import type { TenantStates } from "../../src/repository/states.ts";
import { choosePointByAll, type Sight, type Sights, sights } from "../../src/restore/sights.ts";
import { type BackedUpHouse, backedUpHouse } from "../support/backed-up-house.ts";
import { memoryStore } from "../support/memory-store.ts";
import { never } from "../support/repository-fixture.ts";

let here: BackedUpHouse;

beforeAll(async () => {
  here = await backedUpHouse();
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
});

describe("what is held is looked at by this host's clock", () => {
  /** The clocks of stores beside one that agrees, each so many minutes ahead of the host's. */
  it.for([
    [[], []],
    [[0, 4, -4], []],
    [[7], [7]],
    [[-7], [-7]],
    [[7, 20, 12], [20]],
    [[-7, -20, 0], [-20]],
    [
      [9, -30, 0, 15, -8],
      [-30, 15],
    ],
  ] as const)("and, with stores at %j minutes, by those at %j", async ([ahead, expected]) => {
    const { tenant, library, clock } = here.house;
    const now = clock.now();
    const stores = ahead.map((minutes, at) =>
      memoryStore(`store-${String(at)}`, new ManualClock(new Date(now.getTime() + minutes * 60_000))),
    );
    const [own, ...others] = await sights(tenant, library([here.dubai, ...stores]), never);
    expect([own.clockOf, own.aheadMs]).toEqual([null, 0]);
    expect(others.map(({ aheadMs }) => aheadMs / 60_000)).toEqual(expected);
  });
});

describe("a backup that is proven by one clock alone", () => {
  const states = async (): Promise<TenantStates> => {
    const { tenant, library } = here.house;
    return (await sights(tenant, library([here.dubai]), never))[0].states;
  };
  const proven = ({ backups, ...rest }: TenantStates): TenantStates => ({
    ...rest,
    backups: backups.map((one) => ({
      ...one,
      copies: new Map(
        Array.from(one.copies, ([store, copy]) => [
          store,
          { ...copy, proof: { verdict: "proven" as const, at: one.at } },
        ]),
      ),
    })),
  });

  it("is chosen by none where nobody named it, with leave to take an unproven one too", async () => {
    const unseen = await states();
    const now = here.house.clock.now();
    const own: Sight = { clockOf: null, aheadMs: 0, now, states: unseen };
    const other: Sight = { clockOf: storeName.parse("dubai"), aheadMs: 600_000, now, states: proven(unseen) };
    const seen: Sights = [own, other];
    const context = { stores: [here.dubai.name], intervalMs: null, seen };
    const wish = { tenant: tenantId.parse("acme"), notOlderThanMs: null, allowUnproven: true };
    const words = `this host's the backup to restore is ${here.backup}, unproven, by the store's it is ${here.backup}`;
    expect(() => choosePointByAll(wish, context)).toThrow(words);
    const { sight } = choosePointByAll({ ...wish, backup: here.backup }, context);
    expect(sight).toBe(own);
  });
});
