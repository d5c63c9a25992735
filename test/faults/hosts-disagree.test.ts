/** Two hosts whose clocks or configurations disagree about one repository: what is proven stays true, and nothing is lost unsaid (promises 4 to 6, trap 36). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import type { BackupId, ObjectKey, StoreName } from "../../src/model/ids.ts";
import { damagedKeys, joinStatements, readStatements } from "../../src/repository/known-damage.ts";
import { tenantStates } from "../../src/repository/states.ts";
import type { PruneOrder } from "../../src/retention/order.ts";
import { verifyCopy } from "../../src/verify/verify-copy.ts";
import { type BackedUpHouse, backedUpHouse } from "../support/backed-up-house.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach } from "../support/replication-fixture.ts";
import { daysOfBackups, dayMs, pruneNow } from "../support/retention-fixture.ts";
import { buildHouse, described, type House, marked, never } from "../support/repository-fixture.ts";
import { allEqual, verifyDesk } from "../support/verify-desk.ts";

let house: House;
let sealing: BackedUpHouse["sealing"];
let made: BackedUpHouse;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backup: BackupId;

beforeAll(async () => {
  made = await backedUpHouse();
  ({ house, sealing, backup } = made);
});
afterAll(async () => {
  await made[Symbol.asyncDispose]();
});
beforeEach(() => {
  [dubai, frankfurt] = [made.dubai.copy(), made.frankfurt.copy()];
});

/** Of two hosts that are each within the five minutes that are allowed, one ahead of the stores and one behind. */
const fast: Clock = { now: () => new Date(house.clock.now().getTime() + 4 * 60_000) };
const slow: Clock = { now: () => new Date(house.clock.now().getTime() - 4 * 60_000) };

async function verified(clock: Clock, store: MemoryStore): Promise<string> {
  const stores = [dubai, frankfurt];
  const desk = verifyDesk({ house, sealing, clock }, stores);
  const proofStores = stores.map(marked);
  const order = { tenant: house.tenant, backup, store: marked(store), proofStores, tryOut: allEqual };
  const { verdict, proofIn } = await verifyCopy(desk, order, never);
  expect(proofIn).toHaveLength(2);
  return verdict;
}

async function verdictOf(store: StoreName): Promise<string | undefined> {
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return backups[0]?.copies.get(store)?.proof?.verdict;
}

async function damagedIn(store: StoreName): Promise<readonly ObjectKey[]> {
  const said = [];
  for (const one of [dubai, frankfurt])
    said.push(await readStatements(house.tenant, one, { trust: house.trust, clock: house.clock }, never));
  return [...damagedKeys(joinStatements(said, new Map()), store, null)];
}

function alterChunk(store: MemoryStore): ObjectKey {
  const { chunk } = oneOfEach(store, backup);
  if (chunk === undefined) throw new Error("there is no chunk");
  const body = store.bodyOf(chunk);
  store.overwrite(chunk, body.fill(body.readUInt8(50) ^ 1, 50, 51));
  return chunk;
}

describe("a verify by a host whose clock is behind", () => {
  it("that refutes a copy outweighs the proof that one ahead has signed before", async () => {
    expect(await verified(fast, frankfurt)).toBe("proven");
    house.clock.advance(60_000);
    const chunk = alterChunk(frankfurt);
    expect(await verified(slow, frankfurt)).toBe("refuted");
    expect(await verdictOf(frankfurt.name)).toBe("refuted");
    expect(await damagedIn(frankfurt.name)).toContain(chunk);
  });

  it("that finds an object damaged again outweighs the heal that one ahead has stated", async () => {
    const chunk = alterChunk(frankfurt);
    expect(await verified(fast, frankfurt)).toBe("refuted");
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt], { clock: fast })).toMatchObject({
      healed: 1,
    });
    expect(await damagedIn(frankfurt.name)).toEqual([]);
    house.clock.advance(60_000);
    alterChunk(frankfurt);
    expect(await verified(slow, frankfurt)).toBe("refuted");
    expect(await damagedIn(frankfurt.name)).toContain(chunk);
  });

  it("is dated by no name that somebody left there", async () => {
    for (const name of ["20261121T999999Z-frankfurt.jws", "20991121T120000Z-frankfurt.jws", "20991121.jws"]) {
      for (const place of [`proofs/${backup}`, "findings"])
        frankfurt.overwrite(`tenants/acme/${place}/${name}`, Buffer.from("garbage"));
    }
    expect(await verified(slow, frankfurt)).toBe("proven");
    expect(await verdictOf(frankfurt.name)).toBe("proven");
  });

  it("that proves a copy outweighs its refutation by one ahead", async () => {
    const chunk = alterChunk(frankfurt);
    expect(await verified(fast, frankfurt)).toBe("refuted");
    house.clock.advance(60_000);
    frankfurt.overwrite(chunk, dubai.bodyOf(chunk));
    expect(await verified(slow, frankfurt)).toBe("proven");
    expect(await verdictOf(frankfurt.name)).toBe("proven");
  });
});

describe("two hosts whose plans keep other numbers of days", () => {
  const terms = (daily: number): PruneOrder["terms"] => ({
    places: { daily, weekly: 0, monthly: 0, yearly: 0 },
    timeZone: "UTC",
    everyCopyWithinMs: dayMs,
  });

  /** Each day both prune; the days of the backups of which each says that it would have kept them. */
  async function daysOfPrunes(...daily: readonly number[]): Promise<readonly (readonly string[])[]> {
    await using here = await buildHouse();
    const stores = await described(here, memoryStore("dubai", here.clock), memoryStore("tokyo", here.clock));
    const told: string[][] = daily.map(() => []);
    for (let day = 1; day <= 6; day += 1) {
      await daysOfBackups(here, stores, [{ rows: `${String(day)}\n` }]);
      for (const [host, days] of daily.entries()) {
        const { state, againstPlan } = await pruneNow(here, stores, { terms: terms(days) });
        expect(state).toBe("pruned");
        told[host]?.push(againstPlan.map(({ backup: gone }) => gone.slice(6, 8)).join(" "));
      }
    }
    return told;
  }

  it("are told by the one that keeps more what the other has taken, for two days, and by nobody else", async () => {
    const none = ["", "", "", "", "", ""];
    expect(await daysOfPrunes(2, 5)).toEqual([none, ["", "", "21", "21 22", "21 22 23", "22 23 24"]]);
    expect(await daysOfPrunes(5, 2)).toEqual([["", "", "", "21", "21 22", "22 23"], none]);
    expect(await daysOfPrunes(2, 2)).toEqual([none, none]);
  });
});
