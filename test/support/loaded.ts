/** Takes a backup of a test's database and loads it into another server. */
import { systemChance } from "../../src/base/chance.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { LoadDestination, LoadOptions } from "../../src/postgres/load/context.ts";
import { load } from "../../src/postgres/load/load.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import { startPrivateServer, type PrivateServer } from "../../src/postgres/server/private-server.ts";
import { testBinFolder, testRunAs, testServerRoot, testWait } from "./postgres-server.ts";

/** A scratch server as verifying starts it: a superuser of unknown name and nothing durable. */
export async function startScratch(): Promise<PrivateServer> {
  return startPrivateServer(
    {
      root: testServerRoot,
      binFolder: testBinFolder(),
      superuser: { kind: "random" },
      runAs: testRunAs(),
      chance: systemChance,
    },
    testWait(),
  );
}

/** Into the new database `restored`, unless told otherwise. */
export async function loadInto(
  server: PrivateServer,
  image: Image,
  change: { readonly destination?: Partial<LoadDestination>; readonly options?: Partial<LoadOptions> } = {},
): Promise<LoadReport> {
  return load(
    image,
    { side: "scratch", admin: server.address, database: "restored", create: true, ...change.destination },
    { jobs: 2, content: "all", chance: systemChance, ...change.options },
    testWait(),
  );
}
