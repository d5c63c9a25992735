/** The extreme corner cases of test/integration/corner-cases-databases.test.ts in their full size (promises 3, 4 and 11). */
import { describe } from "vitest";
import { giantValue, manyTables } from "../corner/corner-cases.ts";
import { testRoundTrips } from "../support/corner-round-trip.ts";

describe("a corner case of full size", () => {
  testRoundTrips([manyTables(2_000), giantValue(200_000_000)]);
});
