/** Chunks on their way to slow stores never hold more memory than the budget, and one plaintext is one object (promise 11). */
import { describe, expect, it } from "vitest";
import { randomBytes } from "node:crypto";
import { sha256 } from "../../src/base/digest.ts";
import { Budget } from "../../src/base/limit.ts";
import { Failure } from "../../src/base/failure.ts";
import { tenantId } from "../../src/model/ids.ts";
import { ChunkPlacer } from "../../src/repository/chunk-placer.ts";
import { Shelves } from "../../src/repository/shelves.ts";
import type { CutChunk } from "../../src/sealing/sealing.ts";
import type { Store } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { never } from "../support/repository-fixture.ts";

const chunkBytes = 1000;

function chunk(name: string): CutChunk {
  const body = randomBytes(chunkBytes);
  return { name: sha256(Buffer.from(name)), bytes: 10, sealed: { body, sha256: sha256(body) } };
}

function placerOver(store: Store, budgetBytes: number): ChunkPlacer {
  return new ChunkPlacer({
    tenant: tenantId.parse("acme"),
    generation: 1,
    shelves: new Shelves([{ store, lock: null }], 1, () => undefined),
    reusable: new Map(),
    lockedUntil: null,
    inFlight: new Budget(budgetBytes),
  });
}

describe("placing", () => {
  it("waits for the stores once the budget is spent, over all streams together", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const store = faulty(memoryStore("dubai"));
    store.every("create").takes(opened);
    const placer = placerOver(store, 3 * chunkBytes);
    const lanes = [placer.lane(never), placer.lane(never)];
    let placed = 0;
    const feeding = lanes.map(async (lane, stream) => {
      for (let index = 0; index < 10; index += 1) {
        await lane.place(chunk(`${String(stream)} ${String(index)}`));
        placed += 1;
      }
      return lane.finish();
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(placed).toBe(3);
    expect(store.calls.length).toBe(3);
    open();
    expect((await Promise.all(feeding)).map((chunks) => chunks.length)).toEqual([10, 10]);
    expect(placer.lines.length).toBe(20);
  });

  it("gives one plaintext one object, though two streams sealed it at once", async () => {
    const store = memoryStore("dubai");
    const placer = placerOver(store, 10 * chunkBytes);
    const [one, other] = [placer.lane(never), placer.lane(never)];
    await Promise.all([one.place(chunk("same")), other.place(chunk("same"))]);
    const [[first], [second]] = [await one.finish(), await other.finish()];
    expect(first?.key).toBe(second?.key);
    expect(store.keys()).toEqual([first?.key]);
    expect(placer.lines).toHaveLength(1);
  });

  it("stops at the first failure and gives the budget back", async () => {
    const store = faulty(memoryStore("dubai"));
    store.every("create").failsWith("store/full");
    const budget = new Budget(chunkBytes);
    const placer = new ChunkPlacer({
      tenant: tenantId.parse("acme"),
      generation: 1,
      shelves: new Shelves([{ store, lock: null }], 1, () => undefined),
      reusable: new Map(),
      lockedUntil: null,
      inFlight: budget,
    });
    const lane = placer.lane(never);
    await lane.place(chunk("a"));
    await expect(lane.finish()).rejects.toMatchObject({ code: "store/quorum" });
    await expect(lane.place(chunk("b"))).rejects.toMatchObject({ code: "store/quorum" });
    (await budget.take(chunkBytes, never))();
  });

  it("takes a chunk that was called known and is not for the bug it would be", async () => {
    const lane = placerOver(memoryStore("dubai"), chunkBytes).lane(never);
    const unsealed = { ...chunk("a"), sealed: null };
    await expect(lane.place(unsealed)).rejects.toBeInstanceOf(Failure);
  });
});
