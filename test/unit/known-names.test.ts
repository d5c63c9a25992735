/** Every name that was given is known and no other, however many there are and however alike they begin. */
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { isKnown, knownNames } from "../../src/sealing/known-names.ts";

function names(count: number, seed: string): string[] {
  return Array.from({ length: count }, (_, index) => sha256(Buffer.from(`${seed} ${String(index)}`)));
}

describe("known names", () => {
  it.each([0, 1, 2, 4, 5, 9, 1000, 40_000])("of %i are known, others are not", (count) => {
    const given = names(count, "given");
    const known = knownNames(given);
    expect(given.every((name) => isKnown(name, known))).toBe(true);
    expect(names(1000, "other").filter((name) => isKnown(name, known))).toEqual([]);
  });

  it("are told apart by their last digit, at both ends of what names can be", () => {
    const ends = ["0".repeat(64), "f".repeat(64), `${"0".repeat(63)}1`, `8${"0".repeat(63)}`];
    const known = knownNames([...ends, ...names(100, "between")]);
    for (const name of ends) expect(isKnown(name, known)).toBe(true);
    expect(isKnown(`${"f".repeat(63)}e`, known)).toBe(false);
    expect(isKnown(`${"0".repeat(63)}2`, known)).toBe(false);
  });

  it("take little memory", () => {
    const known = knownNames(names(10_000, "given"));
    expect(known.names.byteLength + known.starts.byteLength).toBeLessThanOrEqual(36 * 10_000 + 4);
  });
});
