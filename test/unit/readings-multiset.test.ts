/** The order-free digest of rows: what it must see, what it must not, and how it meets any split of the bytes. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinMultisets, MultisetMeasure } from "../../src/postgres/readings/multiset.ts";

function digestOf(...parts: Uint8Array[]): { rows: number; sum: string } {
  const measure = new MultisetMeasure();
  for (const part of parts) measure.update(part);
  return measure.finish();
}

function textOf(rows: readonly string[]): Buffer {
  return Buffer.from(rows.map((row) => `${row}\n`).join(""));
}

/** The definition, spelled with big integers. */
function definition(rows: readonly string[]): string {
  let sum = 0n;
  for (const row of rows) {
    const digest = createHash("sha256").update(row).digest().toReversed();
    sum = (sum + BigInt(`0x${Buffer.from(digest).toString("hex")}`)) % 2n ** 256n;
  }
  return Buffer.from(Buffer.from(sum.toString(16).padStart(64, "0"), "hex").toReversed()).toString("hex");
}

const rows = fc.array(
  fc.string().map((text) => text.replaceAll("\n", "")),
  { maxLength: 40 },
);

describe("a multiset of rows", () => {
  it("of one row is the SHA-256 of that row", () => {
    const sum = createHash("sha256").update("a\tb").digest("hex");
    expect(digestOf(Buffer.from("a\tb\n"))).toEqual({ rows: 1, sum });
  });

  it("of no rows is zero", () => {
    expect(digestOf()).toEqual({ rows: 0, sum: "0".repeat(64) });
  });

  it("counts empty rows", () => {
    expect(digestOf(Buffer.from("\n\n")).rows).toBe(2);
  });

  it("sees a row doubled, lost, or changed by one byte", () => {
    const whole = digestOf(textOf(["a", "b", "c"]));
    expect(digestOf(textOf(["a", "b", "b", "c"]))).not.toEqual(whole);
    expect(digestOf(textOf(["a", "c"]))).not.toEqual(whole);
    expect(digestOf(textOf(["a", "b", "d"]))).not.toEqual(whole);
  });

  it("sees a field that moved from one row to another", () => {
    expect(digestOf(textOf(["a\t1", "b\t2"]))).not.toEqual(digestOf(textOf(["a\t2", "b\t1"])));
  });

  it("is what its definition says", () => {
    fc.assert(
      fc.property(rows, (some) => {
        expect(digestOf(textOf(some))).toEqual({ rows: some.length, sum: definition(some) });
      }),
    );
  });

  it("does not depend on how the bytes are split, nor on the buffers being filled again", () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(7), { minLength: 1, maxLength: 50 }), (some, cuts) => {
        const text = textOf(some);
        const measure = new MultisetMeasure();
        for (let from = 0, turn = 0; from < text.length; turn += 1) {
          const size = 1 + (cuts[turn % cuts.length] ?? 0);
          const part = Buffer.from(text.subarray(from, from + size));
          measure.update(part);
          part.fill(0);
          from += size;
        }
        expect(measure.finish()).toEqual(digestOf(text));
      }),
    );
  });

  it("does not depend on order, and joins", () => {
    fc.assert(
      fc.property(rows, rows, (some, others) => {
        const together = digestOf(textOf([...others.toReversed(), ...some]));
        expect(joinMultisets([digestOf(textOf(some)), digestOf(textOf(others))])).toEqual(together);
      }),
    );
  });
});
