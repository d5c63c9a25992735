/** The cutter finds the same boundaries however the bytes arrive, moves none but its own when a row comes or goes, and keeps to its sizes. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { chunkBytesMax } from "../../src/model/chunk-bytes.ts";
import { chunkBytesMin, Cutter, pieceBytesMax } from "../../src/sealing/cut.ts";
import { halfSipHash, sipKey } from "../../src/sealing/half-sip-hash.ts";
import { seededBytes, tableRows } from "../support/sealing-data.ts";

const key = seededBytes("cut key", 8);

/** The chunks of a stream that arrives in parts of the given lengths, and then all at once. */
function cut(bytes: Buffer, cutKey: Buffer = key, partLengths: readonly number[] = []): Buffer[] {
  const cutter = new Cutter(cutKey);
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of [...partLengths, bytes.length]) {
    for (const chunk of cutter.push(bytes.subarray(at, at + length))) chunks.push(Buffer.from(chunk));
    at = Math.min(bytes.length, at + length);
  }
  const rest = cutter.finish();
  return rest === null ? chunks : [...chunks, Buffer.from(rest)];
}

function digests(chunks: readonly Buffer[]): Set<string> {
  return new Set(chunks.map((chunk) => sha256(chunk)));
}

const rows = tableRows("a table", 60_000);
const table = Buffer.concat(rows);

/** Streams of every texture: rows, long values, bytes without newlines, nothing but newlines. */
const texture = fc.oneof(
  fc.nat(30_000).map((count) => Buffer.concat(rows.slice(0, count))),
  fc.nat(3_000_000).map((bytes) => seededBytes("noise", bytes)),
  fc.nat(3_000_000).map((bytes) => Buffer.alloc(bytes, "x")),
  fc.nat(1_000_000).map((bytes) => Buffer.alloc(bytes, "\n")),
  fc
    .nat(10_000_000)
    .map((bytes) => Buffer.concat([table.subarray(0, 1_500_000), Buffer.alloc(bytes), table])),
);

describe("the hash", () => {
  it("is HalfSipHash-1-3, as its reference code computes it", () => {
    const serial = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
    const words = Int32Array.from({ length: 8 }, (_, index) => serial.readInt32LE(4 * index));
    const serialKey = sipKey(serial.subarray(0, 8));
    expect(halfSipHash(words, 8, serialKey)).toBe(3_161_315_981);
    expect(halfSipHash(words, 0, serialKey)).toBe(1_477_757_078);
    expect(halfSipHash(new Int32Array(7).fill(-2_139_062_144), 7, sipKey(Buffer.alloc(8, 255)))).toBe(
      3_190_830_525,
    );
  });
});

describe("the cutter", () => {
  it("gives the same chunks however the stream arrives, which joined are the stream", () => {
    fc.assert(
      fc.property(
        texture,
        fc.array(fc.integer({ min: 1, max: 700_000 }), { maxLength: 40 }),
        (stream, partLengths) => {
          const chunks = cut(stream);
          expect(Buffer.concat(chunks).equals(stream)).toBe(true);
          expect(cut(stream, key, partLengths).map(({ length }) => length)).toEqual(
            chunks.map(({ length }) => length),
          );
          for (const [index, { length }] of chunks.entries()) {
            expect(length).toBeLessThanOrEqual(chunkBytesMax);
            expect(length).toBeGreaterThanOrEqual(index === chunks.length - 1 ? 1 : chunkBytesMin);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("gives the same chunks when the bytes come one by one", () => {
    const stream = table.subarray(0, 400_000);
    const ones = Array.from({ length: stream.length }, () => 1);
    expect(cut(stream, key, ones).map(({ length }) => length)).toEqual(
      cut(stream).map(({ length }) => length),
    );
  });

  it("cuts behind rows, about every mebibyte", () => {
    const chunks = cut(table);
    const mean = table.length / chunks.length;
    expect(mean).toBeGreaterThan(600_000);
    expect(mean).toBeLessThan(1_800_000);
    for (const chunk of chunks) expect(chunk.at(-1)).toBe(10);
  });

  it("has the mean it promises over many keys", () => {
    const counts = Array.from(
      { length: 24 },
      (_, index) => cut(table, seededBytes(`key ${String(index)}`, 8)).length,
    );
    const mean = table.length / (counts.reduce((sum, count) => sum + count) / counts.length);
    expect(mean).toBeGreaterThan(850_000);
    expect(mean).toBeLessThan(1_250_000);
  });

  it("leaves all but two chunks as they were when a row is inserted, changed or removed", () => {
    const before = digests(cut(table));
    const row = Buffer.from("new\trow\n");
    for (const at of [0, 1, 12_345, 30_000, 59_999]) {
      const inserted = [...rows.slice(0, at), row, ...rows.slice(at)];
      const changed = [...rows.slice(0, at), row, ...rows.slice(at + 1)];
      const removed = [...rows.slice(0, at), ...rows.slice(at + 1)];
      for (const now of [inserted, changed, removed]) {
        const fresh = cut(Buffer.concat(now)).filter((chunk) => !before.has(sha256(chunk)));
        expect(fresh.length).toBeLessThanOrEqual(2);
      }
    }
  });

  it("finds its way back behind a value without newlines that changed in place", () => {
    const value = Buffer.from(seededBytes("archive", 12_000_000).toString("hex"));
    const before = digests(cut(value));
    value.write("changed", 5_000_000);
    const fresh = cut(value).filter((chunk) => !before.has(sha256(chunk)));
    expect(before.size).toBeGreaterThan(10);
    expect(fresh.length).toBeLessThanOrEqual(2);
  });

  it("cuts a row larger than the maximum by size", () => {
    const chunks = cut(Buffer.alloc(3 * chunkBytesMax, "x"));
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(chunkBytesMax);
    expect(chunks.length).toBeGreaterThanOrEqual(3);
  });

  it("cuts elsewhere under another key", () => {
    const one = cut(table).map(({ length }) => length);
    const other = new Set(cut(table, seededBytes("another tenant", 8)).map(({ length }) => length));
    expect(one.filter((length) => other.has(length))).toEqual([]);
  });

  it("gives nothing for a stream without bytes", () => {
    expect(cut(Buffer.alloc(0))).toEqual([]);
  });

  it("cuts where the format says: these lengths never change", () => {
    const long = Buffer.concat([table, seededBytes("blob", 3_000_000), Buffer.alloc(9 * 1024 * 1024), table]);
    expect(pieceBytesMax).toBe(65_536);
    expect(cut(long).map(({ length }) => length)).toMatchInlineSnapshot(`
      [
        141404,
        212352,
        320714,
        804514,
        277106,
        4640371,
        550904,
        1769963,
        274359,
        8379675,
        1517702,
        212352,
        320714,
        804514,
        277106,
        4554386,
      ]
    `);
  });
});
