import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { placeOf } from "./independent-place.ts";
import { program } from "./independent-psql.ts";

/** Dumps a database and restores it under the same name on another server, with the stock programs alone. */
export async function stockRoundTrip(
  from: PrivateServer,
  to: PrivateServer,
  database: string,
): Promise<"ok" | "failed"> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-stock-"));
  try {
    const file = join(folder, "dump");
    // No encoding is asked for: as UTF-8, the bytes of an SQL_ASCII database could not be dumped.
    const { PGCLIENTENCODING: _, ...environment } = placeOf(from, database).environment;
    await program(
      { binFolder: from.binFolder, environment },
      "pg_dump",
      ["-Fc", "-Z0", "-C", "-f", file],
      "",
    );
    await program(placeOf(to, "postgres"), "pg_restore", ["-C", "-d", "postgres", file], "");
    return "ok";
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("pg_restore")) return "failed";
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
