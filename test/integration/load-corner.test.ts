/** A corner case of each sort is loaded whole, with nothing left out by mistake (promises 3 and 4); the nightly tests load them all. */
import { describe, expect, it } from "vitest";
import { cornerCases } from "../corner/corner-cases.ts";
import { testLoads } from "../support/corner-load.ts";

/** Rows by way of a root, keys, privileges, what is refreshed, and what is no row. */
const sorts = ["partitions", "constraints", "security", "derived", "large-objects"];
const chosen = cornerCases.filter(({ name }) => sorts.includes(name));

describe("loading", () => {
  it("knows these corner cases", () => {
    expect(chosen.length).toBe(sorts.length);
  });

  testLoads(chosen);
});
