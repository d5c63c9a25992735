/** Chunks are opened once for neighbours, and their memory goes back when nobody reads them any more. */
import { expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { objectKey } from "../../src/model/ids.ts";
import type { ChunkRef } from "../../src/model/manifest.ts";
import { type OpenChunk, OpenedChunks } from "../../src/repository/opened-chunks.ts";

const wait = { signal: new AbortController().signal };
const bytes = 100_000;

function chunk(name: string, length = bytes): ChunkRef {
  return { key: objectKey.parse(name), bytes: length };
}

function counting(): { readonly open: OpenChunk; readonly asked: string[]; readonly given: Buffer[] } {
  const asked: string[] = [];
  const given: Buffer[] = [];
  return {
    asked,
    given,
    open: async ({ key, bytes: length }) => {
      asked.push(key);
      const plain = Buffer.from(new ArrayBuffer(length));
      given.push(plain);
      return plain;
    },
  };
}

async function readPart(chunks: OpenedChunks, name: string): Promise<void> {
  const taken = chunks.take(chunk(name), false, wait);
  await taken.plain;
  taken.done();
  await taken.plain;
}

it("opens a chunk once for tables that lie in it one after another", async () => {
  const { open, asked } = counting();
  const chunks = new OpenedChunks(open);
  for (const name of ["a", "a", "b", "a", "b"]) await readPart(chunks, name);
  expect(asked).toEqual(["a", "b"]);
});

it("gives back the memory of all but the last two, and of what was read whole", async () => {
  const { open, given } = counting();
  const chunks = new OpenedChunks(open);
  for (const name of ["a", "b", "c"]) await readPart(chunks, name);
  const whole = chunks.take(chunk("d"), true, wait);
  expect((await whole.plain).length).toBe(bytes);
  whole.done();
  await whole.plain;
  expect(given.map(({ length }) => length)).toEqual([0, bytes, bytes, 0]);
});

it("keeps what somebody else still reads", async () => {
  const { open, given } = counting();
  const chunks = new OpenedChunks(open);
  const [one, other] = [chunks.take(chunk("a"), false, wait), chunks.take(chunk("a"), true, wait)];
  await one.plain;
  one.done();
  for (const name of ["b", "c", "d"]) await readPart(chunks, name);
  expect(given[0]?.length).toBe(bytes);
  other.done();
  await other.plain;
  expect(given[0]?.length).toBe(0);
});

it("asks again for what could not be opened, and for one object under another length", async () => {
  const asked: number[] = [];
  const chunks = new OpenedChunks(async ({ bytes: length }) => {
    asked.push(length);
    if (asked.length === 1) throw new Failure("sealing/damaged", "damaged");
    return Buffer.from(new ArrayBuffer(length));
  });
  const damaged = chunks.take(chunk("a"), false, wait);
  await expect(damaged.plain).rejects.toMatchObject({ code: "sealing/damaged" });
  damaged.done();
  await readPart(chunks, "a");
  const claimed = chunks.take(chunk("a", bytes + 1), false, wait);
  await claimed.plain;
  claimed.done();
  expect(asked).toEqual([bytes, bytes, bytes + 1]);
});
