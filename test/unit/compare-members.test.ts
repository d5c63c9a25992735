/** A member of an extension that is missed is told with the reason only where it is known which one it is. */
import { expect, it } from "vitest";
import type { Census } from "../../src/model/fingerprint.ts";
import { compareMembers } from "../../src/postgres/compare/census.ts";

const kind = "member of extension place";

function members(count: number, sha256: string, identities?: string[]): Census {
  return [{ kind, count, sha256, ...(identities === undefined ? {} : { identities }) }];
}

function missed(before: Census, after: Census): readonly string[] {
  return compareMembers({ census: before, extensions: [] }, after).findings.map(
    ({ difference }) => difference,
  );
}

it("is missed by name as what no dump holds", () => {
  expect(missed(members(2, "aa", ["view a", "view b"]), members(1, "bb", ["view a"]))).toEqual([
    "absent: view b, which no dump holds",
  ]);
});

it("is but counted where there are too many to name, of which no dump says anything", () => {
  expect(missed(members(12, "aa"), members(12, "bb"))).toEqual(["12 as expected, but not the same ones"]);
  expect(missed(members(12, "aa"), members(11, "bb"))).toEqual(["expected 12, found 11"]);
});
