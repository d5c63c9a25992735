/** The table of contents of a damaged archive is refused, never half read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { parseToc, undate } from "../../src/postgres/archive/toc.ts";

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(value < 0 ? 1 : 0, 0);
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string | null): Buffer =>
  value === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

interface Sketch {
  readonly tag: string;
  readonly defn: string | null;
  readonly dependencies: readonly number[];
}

/** Writes an archive the way pg_dump of each version does. */
function archive(minor: number, entries: readonly Sketch[], madeAt = [3, 3, 3, 3, 3, 103, 1]): Buffer {
  const head = [
    Buffer.from("PGDMP"),
    Buffer.from([1, minor, 0, 4, 8, 1]),
    minor >= 15 ? Buffer.from([0]) : int(-1),
    ...madeAt.map(int),
    ...["erp", "15.18", "15.18"].map(text),
    int(entries.length),
  ];
  const body = entries.flatMap(({ tag, defn, dependencies }, index) => [
    int(index + 1),
    int(0),
    ...["1259", "16384", tag, "TABLE"].map(text),
    int(2),
    text(defn),
    ...["DROP TABLE x;\n", null, "public", ""].map(text),
    ...(minor >= 14 ? [text("heap")] : []),
    ...(minor >= 16 ? [int(114)] : []),
    ...["owner", "false", ...dependencies.map(String), null].map(text),
    Buffer.alloc(9, 3),
  ]);
  return Buffer.concat([...head, ...body]);
}

const sketch = fc.record({
  tag: fc.string({ minLength: 1, unit: "grapheme" }),
  defn: fc.option(fc.string({ unit: "grapheme" })),
  dependencies: fc.array(fc.nat({ max: 9999 }), { maxLength: 4 }),
});
const minors = fc.constantFrom(12, 13, 14, 15, 16);

describe("the time at which an archive was made", () => {
  it("is the same in all of them, in every version, and nothing else is touched", () => {
    const undated = fc.property(minors, fc.array(sketch, { maxLength: 5 }), (minor, entries) => {
      const made = archive(minor, entries);
      undate(made);
      expect(made.equals(archive(minor, entries, [0, 0, 0, 1, 0, 100, 0]))).toBe(true);
    });
    fc.assert(undated);
  });
});

describe("the parser of tables of contents", () => {
  it("reads what was written, in every version", () => {
    const read = fc.property(minors, fc.array(sketch, { maxLength: 5 }), (minor, entries) => {
      const toc = parseToc(archive(minor, entries));
      expect(toc.archiveVersion).toBe(`1.${String(minor)}`);
      expect(toc.entries.map(({ tag, defn, dependencies }) => ({ tag, defn, dependencies }))).toEqual(
        entries.map((entry) => ({ ...entry, defn: entry.defn ?? "" })),
      );
      expect(toc.entries.every(({ owner, namespace }) => owner === "owner" && namespace === "public")).toBe(
        true,
      );
    });
    fc.assert(read);
  });

  it("refuses an archive that was cut off anywhere", () => {
    const where = fc.double({ min: 0, max: 0.999, noNaN: true });
    const refused = fc.property(
      minors,
      fc.array(sketch, { minLength: 1, maxLength: 3 }),
      where,
      (minor, entries, part) => {
        const whole = archive(minor, entries);
        expect(() => parseToc(whole.subarray(0, Math.floor(whole.length * part)))).toThrow(/damaged|version/);
      },
    );
    fc.assert(refused);
  });

  it("answers garbage with a Failure and nothing else", () => {
    const answered = fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
      const thrown = thrownBy(() => parseToc(Buffer.concat([archive(14, []).subarray(0, 40), garbage])));
      expect(thrown === null || isFailure(thrown)).toBe(true);
    });
    fc.assert(answered);
  });

  it("does not guess at a version it does not know", () => {
    expect(() => parseToc(archive(17, []))).toThrow(/version 1\.17/);
  });

  it("refuses text that is not UTF-8 instead of altering it", () => {
    const bytes = archive(14, [{ tag: "t", defn: "Grüße", dependencies: [] }]);
    bytes.writeUInt8(0xff, bytes.indexOf("Grüße") + 2);
    expect(() => parseToc(bytes)).toThrow(/not UTF-8/);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}
