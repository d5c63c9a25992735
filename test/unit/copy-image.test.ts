/** What is opened ahead of a reader is bounded in bytes as well as in number, and no large chunk is kept waiting for ever. */
import { expect, it } from "vitest";
import { objectKey } from "../../src/model/ids.ts";
import { copyImage } from "../../src/repository/copy-image.ts";
import { emptyFingerprint } from "../support/repository-fixture.ts";

const wait = { signal: new AbortController().signal };
const mebibyte = 1024 * 1024;

/** How many bytes were asked for by the time that each part was handed out, less those handed out before it. */
async function aheadOf(lengths: readonly number[]): Promise<number[]> {
  const chunks = lengths.map((bytes, index) => ({ key: objectKey.parse(`chunk-${String(index)}`), bytes }));
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  let asked = 0;
  const stream = { id: "rows", content: "rows" as const, bytes, sha256: "", chunks };
  const image = copyImage(
    { streams: [stream], fingerprint: emptyFingerprint(new Date(0)) },
    async (chunk) => {
      asked += chunk.bytes;
      return Buffer.from(new ArrayBuffer(chunk.bytes));
    },
  );
  const found: number[] = [];
  let read = 0;
  for await (const part of image.read("rows", { from: 0, to: bytes }, wait)) {
    found.push(asked - read);
    read += part.length;
  }
  return found;
}

it("reads four usual chunks ahead", async () => {
  const ahead = await aheadOf(Array.from({ length: 6 }, () => mebibyte));
  expect(ahead.map((bytes) => bytes / mebibyte)).toEqual([4, 4, 4, 3, 2, 1]);
});

it("reads no more large ones ahead than the largest has bytes, and one in any case", async () => {
  const ahead = await aheadOf([3, 3, 3, 8, 8, 1].map((count) => count * mebibyte));
  expect(ahead.map((bytes) => bytes / mebibyte)).toEqual([6, 6, 3, 8, 8, 1]);
});
