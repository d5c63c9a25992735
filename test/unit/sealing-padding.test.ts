/** Sizes tell little: Padmé keeps its bounds, padding trails, and what is not exactly as we wrote it is refused. */
import * as fc from "fast-check";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compress, decompress } from "../../src/sealing/compress.ts";
import { padme } from "../../src/sealing/padme.ts";
import { frameLength } from "../../src/sealing/zstd-frame.ts";
import { seededBytes } from "../support/sealing-data.ts";

const damaged = expect.objectContaining({ code: "sealing/damaged" });

function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(8 + bytes);
  frame.writeUInt32LE(0x184d2a50, 0);
  frame.writeUInt32LE(bytes, 4);
  return frame;
}

describe("padme", () => {
  it("holds the size and adds an eighth at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (bytes) => {
        expect(padme(bytes)).toBeGreaterThanOrEqual(bytes);
        expect(padme(bytes)).toBeLessThanOrEqual(bytes + Math.max(1, bytes * 0.125));
      }),
    );
  });

  it("is at rest where it has been, and never falls", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (bytes) => {
        expect(padme(padme(bytes))).toBe(padme(bytes));
        expect(padme(bytes + 1)).toBeGreaterThanOrEqual(padme(bytes));
      }),
    );
  });

  it("gives the sizes of the paper's rule", () => {
    expect([0, 1, 9, 100, 1000, 65_537, 1_000_001, 8_388_609].map(padme)).toEqual([
      0, 1, 10, 104, 1024, 67_584, 1_015_808, 8_650_752,
    ]);
  });
});

describe("compress", () => {
  it("comes back, and is of a Padmé size", () => {
    fc.assert(
      fc.property(fc.nat(300_000), fc.integer({ min: 1, max: 19 }), (bytes, level) => {
        const plain = seededBytes("plain", bytes);
        const padded = compress(plain, level);
        expect(padme(padded.length)).toBe(padded.length);
        expect(decompress(padded, bytes).equals(plain)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("makes one data frame and one skippable frame behind it", () => {
    const padded = compress(seededBytes("plain", 5000), 3);
    const end = frameLength(padded);
    expect(padded.readUInt32LE(end ?? 0)).toBe(0x184d2a50);
    expect(padded.readUInt32LE((end ?? 0) + 4)).toBe(padded.length - (end ?? 0) - 8);
  });

  it("shows the same size for all small documents", () => {
    expect(new Set([0, 1, 50, 400].map((bytes) => compress(seededBytes("s", bytes), 3).length))).toEqual(
      new Set([512]),
    );
  });
});

describe("decompress", () => {
  const plain = seededBytes("plain", 70_000);
  const frame = zstdCompressSync(plain);

  it("measures frames of every make: levels, raw, run-length and empty blocks, with and without checksum", () => {
    const makes = [
      plain,
      Buffer.alloc(500_000),
      Buffer.alloc(0),
      Buffer.from("a"),
      Buffer.from(plain.toString("hex")),
    ];
    for (const bytes of makes) {
      for (const level of [1, 3, 19]) {
        const padded = compress(bytes, level);
        expect(frameLength(padded)).toBeLessThanOrEqual(padded.length - 8);
        expect(decompress(padded, bytes.length).equals(bytes)).toBe(true);
      }
      const bare = zstdCompressSync(bytes);
      expect(frameLength(bare)).toBe(bare.length);
    }
  });

  it.each([
    ["a second data frame, which Node would pass over", Buffer.concat([frame, frame])],
    ["padding first, which Node would read as nothing", Buffer.concat([skippable(100), frame])],
    ["no padding", frame],
    ["two paddings", Buffer.concat([frame, skippable(10), skippable(10)])],
    ["padding that runs over the end", Buffer.concat([frame, skippable(10).subarray(0, 17)])],
    ["garbage behind the padding", Buffer.concat([frame, skippable(10), Buffer.from("x")])],
    ["a frame cut short", Buffer.concat([frame.subarray(0, -5), skippable(10)])],
    ["a frame of only its magic number", frame.subarray(0, 4)],
    ["nothing", Buffer.alloc(0)],
    ["no zstd at all", Buffer.from("a".repeat(600))],
  ])("refuses %s", (_, bytes) => {
    expect(() => decompress(bytes, plain.length)).toThrow(damaged);
  });

  it("refuses a length other than stated, shorter or longer", () => {
    const padded = compress(plain, 3);
    expect(() => decompress(padded, plain.length - 1)).toThrow(damaged);
    expect(() => decompress(padded, plain.length + 1)).toThrow(damaged);
    expect(() => decompress(padded, 0)).toThrow(damaged);
    expect(() => decompress(compress(Buffer.alloc(0), 3), 1)).toThrow(damaged);
  });

  it("caps what a small file may become, while it is made", () => {
    const bomb = compress(Buffer.alloc(60_000_000), 3);
    expect(bomb.length).toBeLessThan(10_000);
    expect(() => decompress(bomb, { atMost: 1_000_000 })).toThrow(damaged);
    expect(decompress(bomb, { atMost: 60_000_000 }).length).toBe(60_000_000);
  });
});
