/** What a process holds between sources and stores that are slow stays within the one limit it was given (promise 11). */
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Limits } from "../../src/config/config.ts";
import { openMeans } from "../../src/desk/means.ts";
import { tenantId } from "../../src/model/ids.ts";
import { parseChunkKey } from "../../src/model/layout.ts";
import { ChunkPlacer } from "../../src/repository/chunk-placer.ts";
import { Shelves } from "../../src/repository/shelves.ts";
import { knownNames } from "../../src/sealing/known-names.ts";
import type { ChunkKeys } from "../../src/sealing/sealing.ts";
import { around } from "../../src/stores/around.ts";
import { memoryStore } from "../support/memory-store.ts";
import { inParts, patient, seededBytes } from "../support/sealing-data.ts";

const mebibyte = 1024 * 1024;
const limits: Limits = {
  inFlightBytes: 50 * mebibyte,
  storeRequests: 16,
  sealWorkers: 2,
  scrubBytesPerSecond: mebibyte,
  bandwidth: [],
};
/** More in all than the limit: had bytes no limit, all of them would gather. */
const streams = 4;
const streamBytes = 16 * mebibyte;

it("four streams into a store that takes nothing until no more can be held", async () => {
  await using means = openMeans(limits, systemClock);
  const recipient = await identityToRecipient(await generateX25519Identity());
  const keys: ChunkKeys = { idKey: seededBytes("id key", 32), recipient, zstdLevel: 1 };
  const plainBytes = new Map<string, number>();
  let [pulled, settled, heldMost] = [0, 0, 0];
  let waiting: (() => void)[] = [];
  const letGo = (): void => {
    for (const go of waiting) go();
    waiting = [];
  };
  const memory = memoryStore("slow");
  const store = around(memory, {
    run: async (call, work) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      settled += plainBytes.get(parseChunkKey(call.key)?.name ?? "") ?? 0;
      return work();
    },
    list: (prefix, wait) => memory.list(prefix, wait),
  });
  const placer = new ChunkPlacer({
    tenant: tenantId.parse("acme"),
    generation: 1,
    shelves: new Shelves([{ store, lock: null }], 1, () => undefined),
    reusable: new Map(),
    lockedUntil: null,
    inFlight: means.inFlight,
  });
  async function* source(seed: string): AsyncGenerator<Uint8Array> {
    for await (const part of inParts(seededBytes(seed, streamBytes), 65_536)) {
      pulled += part.length;
      heldMost = Math.max(heldMost, pulled - settled);
      yield part;
    }
  }
  const lanes = Array.from({ length: streams }, () => placer.lane(patient));
  const feeding = lanes.map(async (lane, index) => {
    const place: typeof lane.place = async (chunk) => {
      plainBytes.set(chunk.name, chunk.bytes);
      const placing = lane.place(chunk);
      // What is not taken at once waits for room, and the store is what makes room.
      const held = await Promise.race([placing.then(() => true), turn(false)]);
      if (!held) letGo();
      await placing;
    };
    return means
      .sealing()
      .sealStream({ plain: source(String(index)), keys, known: knownNames([]), place }, patient);
  });
  await Promise.all(feeding);
  const finishing = Promise.all(lanes.map((lane) => lane.finish()));
  letGo();
  await finishing;
  expect(settled).toBe(streams * streamBytes);
  expect(heldMost).toBeLessThanOrEqual(limits.inFlightBytes);
});
