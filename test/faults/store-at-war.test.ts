/**
 * One store does as it likes with all that it ever held or saw: what was removed comes back, what is there goes, and
 * documents lie in each other's places. The other store loses nothing that the plan or a hold keeps, and every backup
 * in it opens as it was made (promises 1, 6 and 9; trap 26).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { isFailure } from "../../src/base/failure.ts";
import { type BackupId, backupId, type HoldId, type ObjectKey } from "../../src/model/ids.ts";
import { descriptorKey } from "../../src/model/layout.ts";
import { type HoldDesk, layHold, releaseHold } from "../../src/retention/hold.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { seeded } from "../support/interleaved.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { deskOf, healIn, replicateAll, scrubIn } from "../support/replication-fixture.ts";
import {
  buildHouse,
  described,
  type House,
  never,
  readAll,
  rows,
  type Streams,
} from "../support/repository-fixture.ts";
import { hourMs, prove, pruneNow } from "../support/retention-fixture.ts";

const seeds = [1, 2, 3, 4];
const steps = 150;
const daysKept = 3;
const terms = {
  places: { daily: daysKept, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: "UTC",
  everyCopyWithinMs: hourMs,
};
const tally = { removed: 0, freed: 0, replayed: 0 };

let house: House;
let startedAt: number;

beforeAll(async () => {
  house = await buildHouse();
  startedAt = house.clock.now().getTime();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

describe("a store that replays, hides and swaps what it ever saw", () => {
  it.each(seeds)("costs the other store nothing, with seed %i", async (seed) => {
    house.clock.advance(startedAt - house.clock.now().getTime());
    const [hostile, honest] = await described(
      house,
      memoryStore("dubai", house.clock),
      memoryStore("frankfurt", house.clock),
    );
    if (hostile === undefined || honest === undefined) throw new Error("no stores");
    const war = new War(hostile, honest, seeded(seed));
    for (let step = 0; step < steps; step += 1) {
      await war.step();
      const there = new Set(recordsIn(honest));
      const lost = war.owed().filter((backup) => !there.has(backup));
      const wrong = [...brokenPromises(honest), ...lost];
      expect(wrong.length === 0 ? [] : [...wrong, ...war.story.slice(-40)]).toEqual([]);
    }
    expect(await war.misread()).toEqual([]);
  });

  it("had something to lose", () => {
    for (const times of Object.values(tally)) expect(times).toBeGreaterThan(0);
  });
});

/** Each with the share of steps that it gets. */
type Act = readonly [share: number, name: string, act: () => unknown];

class War {
  readonly story: string[] = [];
  readonly #hostile: MemoryStore;
  readonly #honest: MemoryStore;
  readonly #stores: readonly MemoryStore[];
  readonly #chance: () => number;
  readonly #seen = new Map<ObjectKey, readonly Buffer[]>();
  readonly #made = new Map<BackupId, Streams>();
  readonly #holds = new Map<HoldId, BackupId>();
  readonly #acts: readonly Act[] = [
    [0.2, "wait", () => house.clock.advance((this.#pick([0.3, 2, 9, 25, 50]) ?? 0) * hourMs)],
    [0.18, "backup", () => this.#backUp()],
    [0.17, "prune", () => this.#prune()],
    [0.07, "scrub", () => scrubIn(house, this.#hostile.name, this.#stores)],
    [0.07, "heal", () => healIn(house, this.#hostile.name, this.#stores)],
    [0.06, "replicate", () => replicateAll(house, this.#stores)],
    [0.03, "hold", () => this.#hold()],
    [0.02, "release", () => this.#release()],
    [0.11, "REPLAY", () => this.#replay()],
    [0.04, "LOSE", () => this.#lose()],
    [0.02, "SWAP", () => this.#swap()],
    [0.03, "TRUCE", () => this.#truce()],
  ];

  constructor(hostile: MemoryStore, honest: MemoryStore, chance: () => number) {
    this.#hostile = hostile;
    this.#honest = honest;
    this.#stores = [hostile, honest];
    this.#chance = chance;
  }

  /** What fails has failed rightly, as long as nothing is lost by it. */
  async step(): Promise<void> {
    this.#remember();
    let drawn = this.#chance();
    const found = this.#acts.find(([share]) => (drawn -= share) < 0);
    if (found === undefined) return;
    const [, name, act] = found;
    try {
      this.story.push(`${name} ${JSON.stringify(await act())}`);
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.story.push(`${name} failed: ${error.message}`);
    }
  }

  /** What the honest store must show: the newest backup of each of the newest days, and all that is held. */
  owed(): readonly BackupId[] {
    const ofDays = new Map([...this.#made.keys()].toSorted().map((backup) => [backup.slice(0, 8), backup]));
    return [...[...ofDays.values()].slice(-daysKept), ...this.#holds.values()];
  }

  /** Streams of the honest store's backups that do not open as they were made. */
  async misread(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const backup of recordsIn(this.#honest).map((one) => backupId.parse(one))) {
      const copy = await house.open(this.#stores, backup);
      for (const [id, text] of Object.entries(this.#made.get(backup) ?? {}))
        if ((await readAll(copy, id)).toString() !== text) found.push(`${backup} ${id}`);
    }
    return found;
  }

  /** Now and then the hostile store is left out; its own copies are not always tried. */
  async #backUp(): Promise<BackupId> {
    const content = (): string => rows(1 + Math.floor(this.#chance() * 5), 20_000);
    const streams = { "rows-1": content(), "rows-2": content() };
    const { backup } = await house.backUp(this.#chance() < 0.85 ? this.#stores : [this.#honest], streams);
    await prove(house, this.#stores, this.#honest, backup);
    if (recordsIn(this.#hostile).includes(backup) && this.#chance() < 0.8)
      await prove(house, this.#stores, this.#hostile, backup);
    this.#made.set(backup, streams);
    house.clock.advance(1000);
    return backup;
  }

  async #prune(): Promise<unknown> {
    const { stops, removed, freed } = await pruneNow(house, this.#stores, { terms });
    tally.removed += removed.length;
    tally.freed += freed.objects;
    return { stops, removed, freed };
  }

  async #hold(): Promise<unknown> {
    const backup = backupId.safeParse(this.#pick(recordsIn(this.#honest))).data;
    if (backup === undefined) return null;
    const wish = { tenant: house.tenant, backup, reason: "litigation" };
    const { document } = await layHold(wish, this.#stores, holdDesk(), never);
    this.#holds.set(document.hold, backup);
    return document;
  }

  async #release(): Promise<unknown> {
    const hold = this.#pick([...this.#holds.keys()]);
    if (hold === undefined) return null;
    await releaseHold({ tenant: house.tenant, hold, reason: "settled" }, this.#stores, holdDesk(), never);
    this.#holds.delete(hold);
    return hold;
  }

  #replay(): unknown {
    const key = this.#pick([...this.#seen.keys()]);
    const body = this.#onceUnder(key);
    if (key === undefined || body === undefined) return null;
    if (!this.#hostile.keys().includes(key)) tally.replayed += 1;
    this.#hostile.overwrite(key, body);
    return key;
  }

  #lose(): unknown {
    const key = this.#pick(documents(this.#hostile));
    if (key !== undefined) this.#hostile.lose(key);
    return key;
  }

  #swap(): unknown {
    const key = this.#pick(documents(this.#hostile));
    const other = this.#pick([...this.#seen.keys()]);
    const body = this.#onceUnder(other);
    if (key !== undefined && body !== undefined) this.#hostile.overwrite(key, body);
    return [key, other];
  }

  /** It is as the other one again, or prunes would stop for ever. */
  #truce(): void {
    for (const key of documents(this.#hostile)) this.#hostile.lose(key);
    for (const key of documents(this.#honest)) this.#hostile.overwrite(key, this.#honest.bodyOf(key));
  }

  #remember(): void {
    for (const store of this.#stores) {
      for (const key of documents(store)) {
        const body = store.bodyOf(key);
        const known = this.#seen.get(key) ?? [];
        if (!known.some((one) => one.equals(body))) this.#seen.set(key, [...known, body]);
      }
    }
  }

  #onceUnder(key: ObjectKey | undefined): Buffer | undefined {
    return key === undefined ? undefined : this.#pick(this.#seen.get(key) ?? []);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#chance() * from.length)];
  }
}

/** All but the descriptor, without which nothing is done with a store at all. */
function documents(store: MemoryStore): readonly ObjectKey[] {
  return store.keys().filter((key) => key !== descriptorKey);
}

function holdDesk(): HoldDesk {
  return { ...deskOf(house), signer: house.signer, chance: systemChance };
}
