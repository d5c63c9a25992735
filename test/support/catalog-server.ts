/** A real PostgreSQL with fresh databases for catalogs. */
import { type Catalog } from "../../src/catalog/catalog.ts";
import type { ServerAddress } from "../../src/base/server-address.ts";
import { connectCatalog } from "../../src/catalog/connect-catalog.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, startTestServer, testWait } from "./postgres-server.ts";

export interface CatalogServer extends AsyncDisposable {
  readonly server: PrivateServer;
  /** The address of a database of its own, in which nobody has been. */
  fresh(): Promise<ServerAddress>;
}

export async function startCatalogServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<CatalogServer> {
  const server = await startTestServer({ wal_level: "replica", ...settings });
  let made = 0;
  return {
    server,
    fresh: async () => {
      made += 1;
      const database = `catalog_${String(made)}`;
      await createDatabase(server, database);
      return { ...server.address, database };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export function connectTo(address: ServerAddress): Promise<Catalog> {
  return connectCatalog(address, {}, testWait());
}
