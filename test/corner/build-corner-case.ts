/** Builds corner cases on a server of the tests. */
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, testMajor } from "../support/postgres-server.ts";
import { sqlOf, type CornerCase } from "./corner-case.ts";

/** What a server needs to hold all cases: every table is locked at once, some by several sessions. */
export const cornerServerSettings: Readonly<Record<string, string>> = { max_locks_per_transaction: "1024" };

/** Makes the roles and the database of the case on the server; returns the name of the database. */
export async function buildCornerCase(
  server: PrivateServer,
  corner: CornerCase,
  database: string = corner.name,
): Promise<string> {
  await psql(server, "postgres", sqlOf("roles.sql"));
  await createDatabase(server, database, createOptions(corner));
  await psql(server, database, corner.sql());
  return database;
}

/** Before 15 the collations of a database are those of the C library; those of columns may be others all the same. */
function createOptions({ database }: CornerCase): string {
  return testMajor() < 15 ? database.replace(/ locale_provider icu icu_locale '[^']*'/, "") : database;
}
