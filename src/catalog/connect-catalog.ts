import { Kysely, PostgresDialect } from "kysely";
import { type ClientConfig, Pool } from "pg";
import type { Waiting } from "../base/waiting.ts";
import type { ServerAddress } from "../base/server-address.ts";
import type { Catalog } from "./catalog.ts";
import { choicesIn } from "./choices.ts";
import { claimsOver } from "./claims.ts";
import { connectionOptions } from "./connection.ts";
import { asked } from "./failures.ts";
import { historyIn } from "./history.ts";
import { indexIn } from "./index-of-stores.ts";
import { linesOf } from "./lines.ts";
import { migrate } from "./migrate.ts";
import { demandOwnSessions } from "./pooler.ts";
import { slotsIn } from "./slots.ts";
import type { Tables } from "./tables.ts";

/** At least two, which `demandOwnSessions` compares. */
const connectionsMaxDefault = 6;
const closeLimitMs = 2000;

export interface ConnectHow {
  readonly connectionsMax?: number;
  /** What becomes of an older catalog; "take" by default. */
  readonly older?: "migrate" | "take";
}

/**
 * Connects to a catalog, making it where there is none. Connections are made as they are needed and again when they
 * broke, so that the catalog's server may be restarted; what was running then fails with "catalog/unreachable".
 * `wait` is the connecting's alone. Throws "catalog/failed" also for a pooler that breaks the locks of claims.
 */
export async function connectCatalog(
  address: ServerAddress,
  { connectionsMax = connectionsMaxDefault, older = "take" }: ConnectHow,
  wait: Waiting,
): Promise<Catalog> {
  const where = `connect to the catalog at ${address.host}:${String(address.port)} database ${address.database}`;
  const options = await asked(where, wait, () => connectionOptions(address));
  const connections = openPool(options, connectionsMax);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: connections.pool }) });
  try {
    await asked(where, wait, () => demandOwnSessions(connections.pool));
    await asked(where, wait, () => migrate(db, older));
  } catch (error) {
    await connections.close();
    throw error;
  }
  const inSchema = db.withSchema("holdfast");
  const claims = claimsOver(options);
  return {
    now: (moment) => asked("ask the catalog for the time", moment, () => timeOf(connections.pool)),
    choices: choicesIn(inSchema),
    slots: slotsIn(inSchema),
    history: historyIn(inSchema),
    index: indexIn(inSchema),
    claims,
    connection: options,
    [Symbol.asyncDispose]: async () => {
      await claims[Symbol.asyncDispose]();
      await connections.close();
    },
  };
}

async function timeOf(pool: Pool): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>("select pg_catalog.clock_timestamp() as now");
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  return row.now;
}

function openPool(
  options: ClientConfig,
  max: number,
): { readonly pool: Pool; readonly close: () => Promise<void> } {
  const lines = linesOf(options);
  const pool = new Pool({ ...lines.options, max, idleTimeoutMillis: 30_000 });
  pool.on("connect", (client) => {
    // What ran on it is told; without a listener the event would end the process.
    client.on("error", () => undefined);
  });
  pool.on("error", () => undefined);
  return {
    pool,
    // Whoever gave up a wait left its statement running.
    close: () => lines.ended(pool.end(), closeLimitMs),
  };
}
