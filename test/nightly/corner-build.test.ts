/** Every corner case can be built, and stock pg_dump and pg_restore do with it what the case says: the bar for the product. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import { sqlOf, type CornerCase } from "../corner/corner-case.ts";
import { cornerCases, giantValue, manyTables } from "../corner/corner-cases.ts";
import { hasOwnExtension } from "../corner/own-extension.ts";
import { differences } from "../support/independent-comparison.ts";
import { placeOf } from "../support/independent-place.ts";
import { psql, startTestServer, testBinFolder } from "../support/postgres-server.ts";
import { stockRoundTrip } from "../support/stock-round-trip.ts";

/** The heavy ones in small: that they are big is the product's trouble, not that of the stock programs. */
const small: readonly CornerCase[] = [
  ...cornerCases.filter((corner) => !corner.heavy),
  manyTables(50),
  giantValue(3_000_000),
];

describe("a corner case", () => {
  let source: PrivateServer;
  let target: PrivateServer;

  beforeAll(async () => {
    [source, target] = await Promise.all([
      startTestServer(cornerServerSettings),
      startTestServer(cornerServerSettings),
    ]);
    await psql(target, "postgres", sqlOf("roles.sql"));
  });

  afterAll(async () => {
    await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
  });

  it.for(small.map((corner) => [corner.name, corner] as const))("%s", async ([, corner], context) => {
    if (corner.ownExtension && !hasOwnExtension(testBinFolder())) {
      context.skip("the server's folder of extensions cannot be written to");
    }
    const database = await buildCornerCase(source, corner);
    const trip = await stockRoundTrip(source, target, database);
    const found = await differences(placeOf(source, database), placeOf(target, database));
    const expected = {
      trip: corner.expected.stock === "fails" ? "failed" : "ok",
      differs: corner.expected.stock !== "equal",
    };
    expect({ trip, differs: found.length > 0, found }).toEqual({
      ...expected,
      found: expected.differs ? found : [],
    });
  });

  it("bears a name of its own", () => {
    expect(new Set(cornerCases.map((corner) => corner.name)).size).toBe(cornerCases.length);
  });
});
