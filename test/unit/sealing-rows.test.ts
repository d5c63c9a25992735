/** Rows of the length of a chunk are compressed with zstd parameters of our own, which must give whole frames and fewer bytes; all else keeps zstd's. */
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ChunkCompressor } from "../../src/sealing/chunk-compressor.ts";
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
const dice = seededBytes("words", 400_000);
const words = Array.from({ length: 4096 }, (_, word) =>
  Buffer.from(digits.slice(word * 8, word * 8 + 2 + (word % 2)), "latin1").toString("base64url"),
);
const prose = Buffer.from(
  Array.from({ length: 200_000 }, (_, at) => {
    const pick = dice.readUInt16LE(at * 2) / 65_536;
    return words[Math.floor(pick ** 3 * words.length)] ?? "";
  }).join(" "),
);

function byLevelAlone(plain: Buffer, level: number): number {
  return zstdCompressSync(plain, {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
    pledgedSrcSize: plain.length,
  }).length;
}

/** Without the padding. */
function frameBytes(sealed: Buffer): number {
  return frameLength(sealed) ?? Infinity;
}

const levels = [3, 4, 6, 9];

describe.each([
  { name: "long values in hex", plain: hexRows },
  { name: "short rows", plain: shortRows },
])("$name, as long as a chunk", ({ plain }) => {
  it.each(levels)("take fewer bytes at level %i than zstd's own parameters make of them", (level) => {
    expect(plain.length).toBeGreaterThan(1_000_000);
    const stream = new ChunkCompressor(level);
    const alone = byLevelAlone(plain, level);
    for (const sealed of [stream.compress(plain), stream.compress(plain)]) {
      expect(frameBytes(sealed)).toBeLessThan(alone);
      expect(decompress(sealed, plain.length).equals(plain)).toBe(true);
    }
  });

  it.each([1, 16])("are left to zstd's own parameters at level %i", (level) => {
    const some = plain.subarray(0, 300_000);
    const sealed = new ChunkCompressor(level).compress(some);
    expect(sealed.length).toBe(padme(byLevelAlone(some, level) + skippableHeaderBytes));
  });
});

describe("prose", () => {
  it.each([3, 4])("is compressed at level %i as text from the first chunk to the last", (level) => {
    const stream = new ChunkCompressor(level);
    const asText = compress(prose, level);
    expect(asText.length).toBeLessThan(compress(prose, level, "rows").length);
    for (const sealed of [stream.compress(prose), stream.compress(prose)]) {
      expect(sealed.equals(asText)).toBe(true);
      expect(decompress(sealed, prose.length).equals(prose)).toBe(true);
    }
  });

  it.each(levels)("takes at level %i hardly more bytes than in the better manner", (level) => {
    const both = (["rows", "text"] as const).map((manner) => frameBytes(compress(prose, level, manner)));
    const stream = new ChunkCompressor(level);
    for (const sealed of [stream.compress(prose), stream.compress(prose)])
      expect(frameBytes(sealed)).toBeLessThanOrEqual(Math.min(...both) * 1.011);
  });

  it("behind rows is noticed within 32 chunks, and rows behind prose", () => {
    const stream = new ChunkCompressor(3);
    const [asText, asRows] = [frameBytes(compress(prose, 3)), frameBytes(compress(shortRows, 3, "rows"))];
    stream.compress(shortRows);
    const ofProse = Array.from({ length: 32 }, () => frameBytes(stream.compress(prose)));
    expect(ofProse.at(0)).toBeGreaterThan(asText);
    expect(ofProse.at(-1)).toBe(asText);
    const ofRows = Array.from({ length: 32 }, () => frameBytes(stream.compress(shortRows)));
    expect(ofRows.at(0)).toBeGreaterThan(asRows);
    expect(ofRows.at(-1)).toBe(asRows);
  });
});

it("leaves what is shorter than zstd's parameters are for to zstd", () => {
  const plain = shortRows.subarray(0, 256 * 1024);
  for (const level of levels)
    expect(frameBytes(new ChunkCompressor(level).compress(plain))).toBe(byLevelAlone(plain, level));
});
