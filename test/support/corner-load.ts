/**
 * A corner case is backed up and loaded into a server that has never seen it, in parts that end anywhere: nothing of
 * it is left out, and it equals its source by a comparison that shares no code with the product.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import type { CornerCase } from "../corner/corner-case.ts";
import { hasOwnExtension } from "../corner/own-extension.ts";
import { differences } from "./independent-comparison.ts";
import { placeOf } from "./independent-place.ts";
import { loadInto } from "./loaded.ts";
import { memoryImage } from "./memory-image.ts";
import { startTestServer, testBinFolder } from "./postgres-server.ts";
import { backupOf } from "./read-snapshot.ts";

/** pg_dump names the roles of a policy in the order in which they were made. */
const exceptStarting = ["dump: Name: account own_rows; Type: POLICY"];

/** Tests of these cases, each with a target of its own. */
export function testLoads(cornerCases: readonly CornerCase[]): void {
  let source: PrivateServer;

  beforeAll(async () => {
    source = await startTestServer(cornerServerSettings);
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  it.for(cornerCases)("brings back $name: $about", async (corner, context) => {
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
}
