/** Streams through the worker threads: whole or failed, in order, within the memory they were given, and never placed on after a failure. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { sha256 } from "../../src/base/digest.ts";
import { chunkBytesMax } from "../../src/model/chunk-bytes.ts";
import { type KnownNames, knownNames } from "../../src/sealing/known-names.ts";
import { streamBytesMax } from "../../src/sealing/seal-stream.ts";
import type { ChunkKeys, CutChunk } from "../../src/sealing/sealing.ts";
import { type Sealing, startSealing } from "../../src/sealing/start-sealing.ts";
import { inParts, patient, seededBytes, tableRows } from "../support/sealing-data.ts";

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const keys: ChunkKeys = { idKey: seededBytes("id key", 32), recipient, zstdLevel: 1 };
const table = Buffer.concat(tableRows("a table", 60_000));
const none = knownNames([]);

let sealing: Sealing & AsyncDisposable;

beforeAll(() => {
  sealing = startSealing({ workers: 2, inFlightBytesMax: 128 * 1024 * 1024 });
});

afterAll(async () => {
  await sealing[Symbol.asyncDispose]();
});

/** Seals a stream into a list. */
async function sealed(plain: AsyncIterable<Uint8Array>, known: KnownNames = none): Promise<CutChunk[]> {
  const chunks: CutChunk[] = [];
  await sealing.sealStream({ plain, keys, known, place: async (chunk) => void chunks.push(chunk) }, patient);
  return chunks;
}

/** What a promise is rejected with; looked at from the start, so that it may be awaited later. */
function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

async function opened(chunks: readonly CutChunk[]): Promise<Buffer> {
  const parts = await Promise.all(
    chunks.map(({ sealed, bytes }) =>
      sealing.open(sealed?.body ?? new Uint8Array(), identity, bytes, patient),
    ),
  );
  return Buffer.concat(parts);
}

describe("a stream", () => {
  it("is sealed in order, comes back whole, and is measured", async () => {
    const chunks: CutChunk[] = [];
    const summary = await sealing.sealStream(
      { plain: inParts(table, 50_000), keys, known: none, place: async (chunk) => void chunks.push(chunk) },
      patient,
    );
    expect(summary).toEqual({ bytes: table.length, sha256: sha256(table) });
    expect(chunks.length).toBeGreaterThan(3);
    expect((await opened(chunks)).equals(table)).toBe(true);
    for (const { sealed } of chunks) expect(sealed?.sha256).toBe(sha256(sealed?.body ?? new Uint8Array()));
  });

  it("has the same names and other bytes the next time", async () => {
    const [once, again] = await Promise.all([
      sealed(inParts(table, 65_536)),
      sealed(inParts(table, 1_000_000)),
    ]);
    expect(again.map(({ name }) => name)).toEqual(once.map(({ name }) => name));
    expect(again[0]?.sealed?.sha256).not.toBe(once[0]?.sealed?.sha256);
  });

  it("passes over the chunks that are known", async () => {
    const first = await sealed(inParts(table, 65_536));
    const known = knownNames(first.slice(1).map(({ name }) => name));
    const second = await sealed(inParts(table, 65_536), known);
    expect(second.map(({ sealed }) => sealed === null)).toEqual(first.map((_, index) => index > 0));
    expect(second.map(({ name, bytes }) => [name, bytes])).toEqual(
      first.map(({ name, bytes }) => [name, bytes]),
    );
  });

  it("seals what comes twice in it once", async () => {
    const twice = Buffer.concat([table, table, table]);
    const chunks = await sealed(inParts(twice, 65_536));
    const firsts = new Set<string>();
    for (const { name, sealed } of chunks) {
      expect(sealed === null).toBe(firsts.has(name));
      firsts.add(name);
    }
    expect(firsts.size).toBeLessThan(chunks.length);
  });

  it("without bytes has no chunk", async () => {
    expect(await sealed(inParts(Buffer.alloc(0), 1))).toEqual([]);
  });

  it("may come in parts of any size, empty ones and 20 MB in one", async () => {
    const large = seededBytes("large", 20_000_000);
    const chunks: CutChunk[] = [];
    async function* odd(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(0);
      yield large.subarray(0, 1);
      yield Buffer.alloc(0);
      yield large.subarray(1);
    }
    const summary = await sealing.sealStream(
      { plain: odd(), keys, known: none, place: async (chunk) => void chunks.push(chunk) },
      patient,
    );
    expect(summary.sha256).toBe(sha256(large));
    expect((await opened(chunks)).equals(large)).toBe(true);
  });

  it("leaves the source's bytes alone", async () => {
    const copy = Buffer.from(table);
    await sealed(inParts(copy, 65_536));
    expect(copy.equals(table)).toBe(true);
  });
});

describe("bad luck", () => {
  it("a source that throws in the middle makes the stream throw the same error, and nothing is placed after", async () => {
    const broken = new Error("connection reset");
    async function* breaks(): AsyncGenerator<Uint8Array> {
      yield* inParts(table.subarray(0, 3_000_000), 65_536);
      throw broken;
    }
    let placed = 0;
    const place = async (): Promise<void> => void (placed += 1);
    await expect(sealing.sealStream({ plain: breaks(), keys, known: none, place }, patient)).rejects.toBe(
      broken,
    );
    const whenItFailed = placed;
    // Whatever the worker still had to say has been said once it has sealed another whole stream.
    await Promise.all([sealed(inParts(table, 65_536)), sealed(inParts(table, 65_536))]);
    expect(placed).toBe(whenItFailed);
    expect(placed).toBeLessThan(4);
  });

  it("a store that fails stops the source, and is what is thrown", async () => {
    const full = new Error("store full");
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield table.subarray(0, 65_536);
      } finally {
        closed = true;
      }
    }
    const place = (): Promise<void> => Promise.reject(full);
    await expect(sealing.sealStream({ plain: source(), keys, known: none, place }, patient)).rejects.toBe(
      full,
    );
    expect(closed).toBe(true);
  });

  it("a store that fails is told although the source has fallen silent", async () => {
    const full = new Error("store full");
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* inParts(table, 65_536);
      await new Promise(() => undefined);
    }
    const place = (): Promise<void> => Promise.reject(full);
    await expect(sealing.sealStream({ plain: source(), keys, known: none, place }, patient)).rejects.toBe(
      full,
    );
  });

  it("a wait that ends while the source is silent ends the stream", async () => {
    const stop = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield table;
      stop.abort();
      await new Promise(() => undefined);
    }
    const sealing_ = sealing.sealStream(
      { plain: silent(), keys, known: none, place: async () => undefined },
      stop,
    );
    await expect(sealing_).rejects.toThrow(expect.objectContaining({ code: "wait/cancelled" }));
  });

  it("a recipient that cannot be sealed to fails with the worker's own code", async () => {
    const wrong = { ...keys, recipient: "age1nobody" };
    await expect(
      sealing.sealStream(
        { plain: inParts(table, 65_536), keys: wrong, known: none, place: async () => undefined },
        patient,
      ),
    ).rejects.toThrow(expect.objectContaining({ name: "Failure", code: "config/invalid" }));
  });

  it("an altered object, another identity and another length are told apart", async () => {
    const { body } = await sealing.sealDocument(Buffer.from("a manifest"), [recipient], 3, patient);
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const altered = Buffer.from(body);
    altered.writeUInt8(altered.readUInt8(altered.length - 20) ^ 1, altered.length - 20);
    await expect(sealing.open(altered, identity, 10, patient)).rejects.toThrow(code("sealing/damaged"));
    await expect(sealing.open(body, await generateX25519Identity(), 10, patient)).rejects.toThrow(
      code("keys/identity"),
    );
    await expect(sealing.open(body, identity, 9, patient)).rejects.toThrow(code("sealing/damaged"));
    await expect(sealing.open(body, identity, { atMost: 9 }, patient)).rejects.toThrow(
      code("sealing/damaged"),
    );
    expect((await sealing.open(body, identity, { atMost: 10 }, patient)).toString()).toBe("a manifest");
    expect(body.length).toBeGreaterThan(0);
  });

  it("threads that are shut down fail what they had to do", async () => {
    const brief = startSealing({ workers: 1, inFlightBytesMax: 1 });
    const asked = new EventTarget();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield table;
      asked.dispatchEvent(new Event("silent"));
      await new Promise(() => undefined);
    }
    const fallenSilent = once(asked, "silent");
    const stream = brief.sealStream(
      { plain: silent(), keys, known: none, place: async () => undefined },
      patient,
    );
    const ended = failureOf(stream);
    await fallenSilent;
    await brief[Symbol.asyncDispose]();
    expect(await ended).toMatchObject({ code: "wait/cancelled" });
    await expect(brief.sealDocument(table, [recipient], 3, patient)).rejects.toThrow("shut down");
  });

  it("a thread that breaks fails what it had to do, and nothing that comes later", async () => {
    const made = once(process, "worker");
    await using brief = startSealing({ workers: 1, inFlightBytesMax: 1 });
    const [thread] = z.tuple([z.instanceof(Worker)]).parse(await made);
    const asked = Promise.withResolvers<undefined>();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield table;
      asked.resolve(undefined);
      await new Promise(() => undefined);
    }
    const ended = failureOf(
      brief.sealStream({ plain: silent(), keys, known: none, place: async () => undefined }, patient),
    );
    await asked.promise;
    await thread.terminate();
    expect(await ended).toMatchObject({ code: "internal/bug", message: expect.stringContaining("thread") });
    const { body } = await brief.sealDocument(Buffer.from("a manifest"), [recipient], 3, patient);
    expect((await brief.open(body, identity, 10, patient)).toString()).toBe("a manifest");
  });

  it("a stream that gets its first bytes after the shutdown starts no thread in place of a broken one", async () => {
    const made = once(process, "worker");
    const brief = startSealing({ workers: 1, inFlightBytesMax: 1 });
    const [thread] = z.tuple([z.instanceof(Worker)]).parse(await made);
    await thread.terminate();
    const bytesCome = Promise.withResolvers<undefined>();
    let closed = false;
    async function* late(): AsyncGenerator<Uint8Array> {
      try {
        await bytesCome.promise;
        yield table;
      } finally {
        closed = true;
      }
    }
    const ended = failureOf(
      brief.sealStream({ plain: late(), keys, known: none, place: async () => undefined }, patient),
    );
    await brief[Symbol.asyncDispose]();
    bytesCome.resolve(undefined);
    expect(await ended).toMatchObject({ code: "wait/cancelled" });
    expect(closed).toBe(true);
  });
});

/** Of six streams' room: each half is asked for whole, which waits for ever where a byte was not given back. */
async function allOfItIsFree(small: Sealing): Promise<void> {
  // Taken twice, for what goes in and what comes out.
  await small.sealDocument(Buffer.alloc((3 * streamBytesMax) / 2), [recipient], 1, patient);
  let running = 0;
  const together = Promise.withResolvers<undefined>();
  async function* source(): AsyncGenerator<Uint8Array> {
    running += 1;
    if (running === 3) together.resolve(undefined);
    await together.promise;
    yield table.subarray(0, 100);
  }
  const place = async (): Promise<void> => undefined;
  await Promise.all(
    [1, 2, 3].map(() => small.sealStream({ plain: source(), keys, known: none, place }, patient)),
  );
}

describe("memory", () => {
  it("a source is not read further ahead of the store than a stream may hold", async () => {
    let pulled = 0;
    let placed = 0;
    let aheadMost = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < 6; round += 1) {
        for await (const part of inParts(table, 65_536)) {
          pulled += part.length;
          yield part;
        }
      }
    }
    const place = async ({ bytes }: CutChunk): Promise<void> => {
      aheadMost = Math.max(aheadMost, pulled - placed);
      placed += bytes;
    };
    await sealing.sealStream({ plain: source(), keys, known: none, place }, patient);
    expect(placed).toBe(6 * table.length);
    // The share of the stream, the chunk that is sealed meanwhile and the one that is being placed.
    expect(aheadMost).toBeLessThanOrEqual(streamBytesMax + 2 * chunkBytesMax);
    expect(aheadMost).toBeLessThan(placed / 2);
  });

  it("a budget for one stream lets one run after the other, and none for ever", async () => {
    await using small = startSealing({ workers: 2, inFlightBytesMax: 2 * streamBytesMax });
    let running = 0;
    let runningMost = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      running += 1;
      runningMost = Math.max(runningMost, running);
      yield* inParts(table.subarray(0, 2_000_000), 65_536);
      running -= 1;
    }
    const streams = [1, 2, 3].map(() =>
      small.sealStream({ plain: source(), keys, known: none, place: async () => undefined }, patient),
    );
    const ends = await Promise.all(streams);
    expect(ends.map(({ bytes }) => bytes)).toEqual([2_000_000, 2_000_000, 2_000_000]);
    expect(runningMost).toBe(1);
  });

  it("streams that need more room than there is together end all the same, and give all of it back", async () => {
    // Room for three streams' plaintext, and for one long chunk and a bit of sealed bytes.
    await using small = startSealing({ workers: 2, inFlightBytesMax: 6 * streamBytesMax });
    const long = Buffer.alloc(3 * chunkBytesMax, "x");
    const kinds = [long, table, Buffer.concat([table.subarray(0, 700_001), long])];
    for (const round of [1, 2]) {
      const ends = await Promise.all(
        [...kinds, ...kinds].map(async (plain) => {
          const place = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
          return small.sealStream(
            { plain: inParts(plain, 65_536 * round), keys, known: none, place },
            patient,
          );
        }),
      );
      expect(ends.map(({ sha256: digest }) => digest)).toEqual(
        [...kinds, ...kinds].map((plain) => sha256(plain)),
      );
    }
    await allOfItIsFree(small);
  });

  it("streams that fail while they have room, or wait for it, give all of it back", async () => {
    await using small = startSealing({ workers: 2, inFlightBytesMax: 6 * streamBytesMax });
    const long = Buffer.concat([table.subarray(0, 700_001), Buffer.alloc(3 * chunkBytesMax, "x")]);
    const ends = await Promise.all(
      [long, table, long, table].map((plain, placeable) => {
        let left = placeable;
        const place = async (): Promise<void> => {
          left -= 1;
          if (left < 0) throw new Error("no room on the disk");
        };
        return failureOf(
          small.sealStream({ plain: inParts(plain, 65_536), keys, known: none, place }, patient),
        );
      }),
    );
    expect(ends).toEqual(ends.map(() => new Error("no room on the disk")));
    await allOfItIsFree(small);
  });

  it("a stream that fails or is cancelled in the queue gives back what it held", async () => {
    await using small = startSealing({ workers: 1, inFlightBytesMax: 2 });
    const stop = new AbortController();
    const hold = Promise.withResolvers<undefined>();
    async function* held(): AsyncGenerator<Uint8Array> {
      yield table.subarray(0, 100);
      await hold.promise;
      throw new Error("lost");
    }
    const first = small.sealStream(
      { plain: held(), keys, known: none, place: async () => undefined },
      patient,
    );
    const firstEnd = failureOf(first);
    const queued = small.sealStream(
      { plain: inParts(table, 65_536), keys, known: none, place: async () => undefined },
      stop,
    );
    const queuedEnd = failureOf(queued);
    stop.abort();
    expect(await queuedEnd).toMatchObject({ code: "wait/cancelled" });
    hold.resolve(undefined);
    expect(await firstEnd).toMatchObject({ message: "lost" });
    const third = await small.sealStream(
      { plain: inParts(table, 65_536), keys, known: none, place: async () => undefined },
      patient,
    );
    expect(third.bytes).toBe(table.length);
  });
});
