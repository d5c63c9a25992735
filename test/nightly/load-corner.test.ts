/**
 * Every corner case, backed up and loaded into a server that has never seen it, equals its source by a
 * comparison that shares no code with the product. The integration tests bring the same cases back by the commands.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import { cornerCases } from "../corner/corner-cases.ts";
import { hasOwnExtension } from "../corner/own-extension.ts";
import { differences } from "../support/independent-comparison.ts";
import { placeOf } from "../support/independent-place.ts";
import { loadInto } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { startTestServer, testBinFolder } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

/** pg_dump names the roles of a policy in the order in which they were made. */
const exceptStarting = ["dump: Name: account own_rows; Type: POLICY"];

describe("loading", () => {
  let source: PrivateServer;

  beforeAll(async () => {
    source = await startTestServer(cornerServerSettings);
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  const light = cornerCases.filter(({ heavy }) => !heavy);

  it.for(light)("brings back $name: $about", async (corner, context) => {
    if (corner.ownExtension && !hasOwnExtension(testBinFolder())) {
      context.skip("the server's folder of extensions cannot be written to");
    }
    const database = await buildCornerCase(source, corner);
    const image = memoryImage(await backupOf(source, database), 4_099);
    await using target = await startTestServer();
    const report = await loadInto(target, image, { destination: { side: "target", database } });
    expect(report.problems).toEqual([]);
    expect(report.entries.filter(({ outcome }) => outcome !== "applied")).toEqual([]);
    expect(
      await differences(placeOf(source, database), placeOf(target, database), { exceptStarting }),
    ).toEqual([]);
  });
});
