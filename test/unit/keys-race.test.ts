/** Two hosts mint a tenant's first key set at the same moment: whatever the order of their writes, both end with the same set, and so do all stores (trap 24). */
import { describe, expect, it } from "vitest";
import type { KeyStore } from "../../src/keys/key-store.ts";
import type { Mint } from "../../src/keys/bear-key-set.ts";
import { ensureKeySet, type MintedKeySet } from "../../src/keys/mint-key-set.ts";
import { openKeySet } from "../../src/keys/open-key-set.ts";
import { type StoreName, storeName, tenantId } from "../../src/model/ids.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { keysFixture } from "../support/keys-fixture.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { patient } from "../support/sealing-data.ts";

const acme = tenantId.parse("acme");
const fleet = await keysFixture();
/** A loser that looks as often as it must: here only the order of events decides. */
const mint: Mint = { ...fleet.mint, patience: { looks: 1000, everyMs: 1 } };

/** One host's view of a store: every call waits until the schedule gives it its turn. */
function inTurn(store: WholeStore, turn: () => Promise<void>): KeyStore {
  return {
    name: store.name,
    async create(key, body, _, wait) {
      await turn();
      await store.create(key, body, {}, wait);
    },
    async read(key, options, wait) {
      await turn();
      return store.read(key, options, wait);
    },
    async *list(prefix, wait) {
      await turn();
      yield* store.list(prefix, wait);
    },
    async versions(key, wait) {
      await turn();
      return store.versions(key, wait);
    },
    clock: (wait) => store.clock(wait),
  };
}

/** Lets hosts act one call at a time in the order given; once it is used up, whoever asks goes. */
class Schedule {
  readonly #order: number[];
  readonly #waiting = new Map<number, () => void>();
  readonly #ended = new Set<number>();

  constructor(order: readonly number[]) {
    this.#order = [...order];
  }

  turn(host: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(host, resolve);
      this.#advance();
    });
  }

  /** Turns of a host that has ended are passed over. */
  end(host: number): void {
    this.#ended.add(host);
    this.#advance();
  }

  #advance(): void {
    while (this.#order[0] !== undefined && this.#ended.has(this.#order[0])) this.#order.shift();
    const [next] = this.#order;
    const hosts = next === undefined ? [...this.#waiting.keys()] : [next];
    for (const host of hosts) {
      const go = this.#waiting.get(host);
      if (go === undefined) continue;
      this.#waiting.delete(host);
      this.#order.shift();
      go();
    }
  }
}

/** `sees`: which of the two stores each host can reach; the other one is down for it. */
async function race(
  order: readonly number[],
  sees: readonly (readonly StoreName[])[] = [],
): Promise<readonly [MintedKeySet[], MemoryStore, MemoryStore]> {
  const [dubai, frankfurt] = [memoryStore("dubai", fleet.clock), memoryStore("frankfurt", fleet.clock)];
  const schedule = new Schedule(order);
  const ends = await Promise.all(
    [0, 1].map(async (host) => {
      const stores = [dubai, frankfurt].map((store) => {
        const seen = faulty(store);
        if (sees[host]?.includes(store.name) === false) seen.isDown();
        return inTurn(seen, () => schedule.turn(host));
      });
      try {
        return await ensureKeySet(acme, stores, mint, patient, { away: new Set(), quorum: 1 });
      } finally {
        schedule.end(host);
      }
    }),
  );
  return [ends, dubai, frankfurt];
}

/** Every way to interleave two runs of `calls` calls each. */
function interleavings(calls: number, order: readonly number[] = []): number[][] {
  if (order.length === 2 * calls) return [[...order]];
  return [0, 1].flatMap((host) =>
    order.filter((other) => other === host).length < calls ? interleavings(calls, [...order, host]) : [],
  );
}

describe("two hosts that mint at once", () => {
  // Listing two stores, then create and read back of identity, id and statement: the first calls decide.
  const orders = interleavings(5);

  it(`agree in each of ${String(orders.length)} orders of their first calls`, async () => {
    const disagreements: string[] = [];
    for (const order of orders) {
      const [[one, other], dubai, frankfurt] = await race(order);
      const agreed =
        one?.keySet.generation === 1 &&
        one.keySet.objects.every(({ body }, index) => other?.keySet.objects[index]?.body.equals(body)) &&
        one.keySet.objects.every(
          ({ key, body }) => dubai.bodyOf(key).equals(body) && frankfurt.bodyOf(key).equals(body),
        ) &&
        dubai.keys().length === 3;
      if (!agreed) disagreements.push(order.join(""));
    }
    expect(disagreements).toEqual([]);
  });

  const fewer = interleavings(4);
  const [dubaiName, frankfurtName] = [storeName.parse("dubai"), storeName.parse("frankfurt")];
  it.each([
    ["each another store", [[dubaiName], [frankfurtName]]],
    ["both and the second", [[dubaiName, frankfurtName], [frankfurtName]]],
    ["the first and both", [[dubaiName], [dubaiName, frankfurtName]]],
  ])("who see %s never make two sets of one generation, and agree once all see all", async (_, sees) => {
    const faults: string[] = [];
    for (const order of fewer) {
      const [ends, dubai, frankfurt] = await race(order, sees);
      const later = await ensureKeySet(acme, [dubai, frankfurt], mint, patient);
      const newest = Math.max(...ends.map(({ keySet }) => keySet.generation));
      const same = dubai.keys().every((key) => {
        const elsewhere = frankfurt.keys().includes(key) ? frankfurt.bodyOf(key) : dubai.bodyOf(key);
        return elsewhere.equals(dubai.bodyOf(key));
      });
      const settled =
        later.keySet.generation === newest && later.places.every(({ failure }) => failure === null);
      if (!same || !settled) faults.push(order.join(""));
    }
    expect(faults).toEqual([]);
  });

  it("hold keys that open", async () => {
    const [[one]] = await race([0, 1, 0, 1, 0, 1, 0, 1]);
    if (one === undefined) throw new Error("no host ended");
    const keys = await openKeySet(one.keySet, fleet.verifier.identity);
    expect(keys.idKey).toHaveLength(32);
    expect(keys.identity).toMatch(/^AGE-SECRET-KEY-1/);
  });
});
