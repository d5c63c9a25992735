/** Rows of the length of a chunk are compressed with zstd parameters of our own, which must give whole frames and fewer bytes. */
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compress, decompress } from "../../src/sealing/compress.ts";
import { padme } from "../../src/sealing/padme.ts";
import { frameLength } from "../../src/sealing/zstd-frame.ts";
import { seededBytes } from "../support/sealing-data.ts";

const skippableHeaderBytes = 8;

const digits = seededBytes("rows", 1_000_000).toString("hex");

const hexRows = Buffer.from(
  Array.from(
    { length: 160 },
    (_, row) => `${String(row)}\t\\x${digits.slice(row * 8000, (row + 1) * 8000)}\n`,
  ).join(""),
);
const shortRows = Buffer.from(
  Array.from(
    { length: 16_000 },
    (_, row) =>
      `${String(row)}\t2025-03-${String(10 + (row % 20))} 00:00:00+00\t${digits.slice(row * 32, (row + 1) * 32)}\tJE ${String(row % 977)}\n`,
  ).join(""),
);

function byLevelAlone(plain: Buffer): number {
  return zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    pledgedSrcSize: plain.length,
  }).length;
}

describe.each([
  { name: "long values in hex", plain: hexRows },
  { name: "short rows", plain: shortRows },
])("$name, as long as a chunk", ({ plain }) => {
  it("come back whole", () => {
    expect(plain.length).toBeGreaterThan(1_000_000);
    expect(decompress(compress(plain, 3), plain.length).equals(plain)).toBe(true);
  });

  it("take fewer bytes than zstd's own parameters for the level make of them", () => {
    const frame = frameLength(compress(plain, 3)) ?? Infinity;
    expect(frame).toBeLessThan(byLevelAlone(plain));
  });

  it.each([1, 2, 4, 9])("are left to zstd's own parameters at level %i", (level) => {
    const own = zstdCompressSync(plain, {
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
        [constants.ZSTD_c_contentSizeFlag]: 1,
      },
      pledgedSrcSize: plain.length,
    });
    expect(compress(plain, level).length).toBe(padme(own.length + skippableHeaderBytes));
  });
});

it("leaves what is shorter than zstd's parameters are for to zstd", () => {
  const plain = shortRows.subarray(0, 256 * 1024);
  const frame = frameLength(compress(plain, 3)) ?? Infinity;
  expect(frame).toBe(byLevelAlone(plain));
});
