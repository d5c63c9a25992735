/** Every light corner case is loaded whole (promises 3 and 4); five of them are in the integration tests as well. */
import { describe } from "vitest";
import { cornerCases } from "../corner/corner-cases.ts";
import { testLoads } from "../support/corner-load.ts";

describe("loading", () => {
  testLoads(cornerCases.filter(({ heavy }) => !heavy));
});
