/** Tables, types, constraints and what is derived from them come back from every copy as they were (promises 3 and 4). */
import { describe } from "vitest";
import { cornerCasesOfTables } from "../corner/corner-cases.ts";
import { testRoundTrips } from "../support/corner-round-trip.ts";

describe("a corner case, from source to restored tenant", () => {
  testRoundTrips(cornerCasesOfTables);
});
