/** A set of digests that may claim what it has not and never denies what it has: on the denial objects are removed. */
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { DigestSet } from "../../src/base/digest-set.ts";

function digest(n: number): string {
  return sha256(Buffer.from(String(n)));
}

describe("a set of digests", () => {
  it("has all that was added, however often and many, and nothing else here", () => {
    const set = new DigestSet();
    for (let n = 0; n < 20_000; n += 1) set.add(digest(n % 10_000));
    expect(set.size).toBe(10_000);
    for (let n = 0; n < 10_000; n += 1) expect(set.mayHave(digest(n))).toBe(true);
    for (let n = 10_000; n < 20_000; n += 1) expect(set.mayHave(digest(n))).toBe(false);
  });

  it("knows the digest of zeros, which stands for an empty place inside", () => {
    const set = new DigestSet();
    const zeros = "0".repeat(64);
    expect(set.mayHave(zeros)).toBe(false);
    set.add(zeros);
    expect(set.mayHave(zeros)).toBe(true);
  });

  it("keeps apart what differs, also where the places are the same", () => {
    const set = new DigestSet();
    const alike = Array.from(
      { length: 500 },
      (_, n) => `${n.toString(16).padStart(4, "0")}${"0".repeat(60)}`,
    );
    for (const one of alike) set.add(one);
    expect(alike.every((one) => set.mayHave(one))).toBe(true);
    expect(set.mayHave(`ffff${"0".repeat(60)}`)).toBe(false);
  });
});
