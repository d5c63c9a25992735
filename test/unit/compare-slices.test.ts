/** A restored table's bytes, cut where the slices of the source ended: every piece must be equal, and none may be missing or left over. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import type { Slice } from "../../src/model/fingerprint.ts";
import { SliceMeasure } from "../../src/postgres/compare/slice-measure.ts";

function slicesOf(...texts: string[]): Slice[] {
  return texts.map((text, index) => ({
    stream: `s${String(index)}`,
    offset: 0,
    bytes: Buffer.byteLength(text),
    sha256: sha256(Buffer.from(text)),
  }));
}

function differences(slices: readonly Slice[], text: string, step = 3): string[] {
  const measure = new SliceMeasure(slices);
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += step) measure.update(bytes.subarray(from, from + step));
  return measure.finish();
}

describe("a sliced table", () => {
  it("is equal when every slice is", () => {
    expect(differences(slicesOf("one\n", "two\n", "", "three\n"), "one\ntwo\nthree\n")).toEqual([]);
  });

  it("that is empty is equal to nothing", () => {
    expect(differences(slicesOf(""), "")).toEqual([]);
    expect(differences([], "")).toEqual([]);
  });

  it("names the slice that differs", () => {
    expect(differences(slicesOf("one\n", "two\n"), "one\ntoo\n")).toEqual([
      "the rows of slice 2 of 2 differ",
    ]);
  });

  it("tells what is missing and what is too much", () => {
    expect(differences(slicesOf("one\n", "two\n"), "one\n")).toEqual(["4 bytes too short"]);
    expect(differences(slicesOf("one\n"), "one\ntwo\n")).toEqual(["4 bytes too long"]);
    expect(differences(slicesOf(""), "x")).toEqual(["1 bytes too long"]);
  });

  it("sees rows that changed places across slices", () => {
    expect(differences(slicesOf("one\n", "two\n"), "two\none\n")).toHaveLength(2);
  });

  it("is equal however the bytes arrive, and never when one of them is altered", () => {
    const texts = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), fc.nat(), (some, step, at) => {
        const whole = Buffer.from(some.join(""));
        const slices = slicesOf(...some);
        expect(differences(slices, whole.toString(), step)).toEqual([]);
        if (whole.length === 0) return;
        const altered = new SliceMeasure(slices);
        const bytes = Buffer.from(whole);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
        altered.update(bytes);
        expect(altered.finish()).toHaveLength(1);
      }),
    );
  });
});
