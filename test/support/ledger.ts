/** The small tenant of trials that restore: two tables that belong together, and a value to look for where it must not be. */
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql } from "./postgres-server.ts";

export const canary = "canary-4711-of-the-ledger";

/** A new database of this name with its rows; `more` is SQL for whatever else it is to have. */
export async function createLedger(server: PrivateServer, database: string, more = ""): Promise<void> {
  await createDatabase(server, database);
  await psql(
    server,
    database,
    `create table ledger (id int primary key, note text);
     create table sheet (ledger int references ledger, page text);
     ${more};
     insert into ledger select g, '${canary} ' || md5(g::text) from generate_series(1, 3000) g;
     insert into sheet select g, md5(g::text) from generate_series(1, 3000) g`,
  );
}

/** SQL that tells one content of the tables from any other. */
export const ledgerDigests = `select (select md5(string_agg(l::text, '' order by id)) from ledger l),
  (select md5(string_agg(s::text, '' order by s::text)) from sheet s)`;
