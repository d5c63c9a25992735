/** Bytes copied by words are the bytes, at every length and place, and nothing beside them is touched. */
import { expect, it } from "vitest";
import { copyBytes, viewed } from "../../src/base/copy-bytes.ts";
import { seededBytes } from "../support/sealing-data.ts";

it("copies every length from every place, and only that", () => {
  const source = viewed(seededBytes("source", 2100));
  const old = seededBytes("old", 2100);
  for (const length of [...Array(40).keys(), 255, 256, 1023, 1024, 1025, 2000]) {
    for (let shift = 0; shift < 9; shift += 1) {
      const [from, at] = [shift, 8 - shift];
      const target = viewed(Buffer.from(old));
      copyBytes(source, from, from + length, target, at);
      const expected = Buffer.concat([
        old.subarray(0, at),
        source.bytes.subarray(from, from + length),
        old.subarray(at + length),
      ]);
      expect(target.bytes.equals(expected)).toBe(true);
    }
  }
});

it("keeps bits that are no number", () => {
  const source = viewed(Buffer.alloc(16, 0xff));
  const target = viewed(Buffer.alloc(16));
  copyBytes(source, 0, 16, target, 0);
  expect(target.bytes).toEqual(source.bytes);
});
