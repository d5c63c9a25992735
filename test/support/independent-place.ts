import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { Place } from "./independent-psql.ts";
import { environmentOf } from "./postgres-server.ts";

/** A database of a test server as the independent comparison names it. */
export function placeOf(server: PrivateServer, database: string): Place {
  return { binFolder: server.binFolder, environment: environmentOf(server, database) };
}
