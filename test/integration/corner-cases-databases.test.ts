/** What belongs to whole databases, and databases that are extreme, come back from every copy as they were (promises 3 and 4). */
import { describe } from "vitest";
import { cornerCasesOfDatabases, cornerCasesOfReleases } from "../corner/corner-cases.ts";
import { testRoundTrips } from "../support/corner-round-trip.ts";
import { testMajor } from "../support/postgres-server.ts";

describe("a corner case, from source to restored tenant", () => {
  const ofRelease = cornerCasesOfReleases.filter(({ since }) => since <= testMajor());
  testRoundTrips([...cornerCasesOfDatabases, ...ofRelease]);
});
