/** What no dump tells may be lost, and is told then; it may not come besides. */
import { describe, expect, it } from "vitest";
import type { Census } from "../../src/model/fingerprint.ts";
import { compareCensus, compareTwins } from "../../src/postgres/compare/census.ts";
import { censusOf } from "../../src/postgres/readings/census.ts";

function counted(kind: string, ...identities: readonly string[]): Census {
  return censusOf(
    identities.map((identity, oid) => ({
      kind,
      catalog: "pg_class",
      catalogOid: 1,
      oid,
      identity,
      archived: false,
    })),
  );
}

const options = "options of a subscription";
const connection = "connection of a subscription";

describe("of a subscription that was left out", () => {
  it.each([options, connection])("%s are told as lost", (kind) => {
    const { findings, notes } = compareCensus("objects", counted(kind, "sub a"), []);
    expect(findings).toEqual([]);
    expect(notes).toHaveLength(1);
  });
});

describe("of a subscription that is there", () => {
  it("other options refute", () => {
    const { findings } = compareCensus(
      "objects",
      counted(options, "sub to {p}"),
      counted(options, "sub to {q}"),
    );
    expect(findings).toEqual([{ subject: options, difference: "was not in the source: sub to {q}" }]);
  });

  it("another connection refutes and is not told by name, since it may hold a password", () => {
    const [before, after] = [counted(connection, "sub 11"), counted(connection, "sub 22")];
    expect(JSON.stringify(before)).not.toContain("sub 11");
    expect(compareCensus("objects", before, after).findings).toEqual([
      { subject: connection, difference: "1 as expected, but not the same ones" },
    ]);
  });
});

it("a constraint that was watched over and is not refutes, and is told by name among however many", () => {
  const kind = "constraint that is not watched over";
  const slept = Array.from({ length: 200 }, (_, n) => `key_${String(n)} on t at t D`);
  expect(compareCensus("constraints", [], counted(kind, "key on t at t DD")).findings).toHaveLength(1);
  expect(
    compareCensus("constraints", counted(kind, ...slept), counted(kind, slept[0] ?? "")).findings,
  ).toEqual([]);
  expect(compareCensus("constraints", counted(kind, ...slept), counted(kind, "more")).findings).toEqual([
    { subject: kind, difference: "was not in the source: more" },
  ]);
});

it("whatever a load and its empty twin have not in common is told with the side that lacks it", () => {
  expect(compareTwins(counted("function", "f a"), counted("function", "f b"))).toEqual([
    { subject: "function, beside the empty twin", difference: "absent: f a" },
    { subject: "function, beside the empty twin", difference: "is not there: f b" },
  ]);
});
