/** How every connection to the catalog is made. */
import { Client, type ClientConfig } from "pg";
import { lacksTls, mayDoWithoutTls, type ServerAddress, sslModeOf, tlsOf } from "../base/server-address.ts";
import { linesOf } from "./lines.ts";

const connectTimeoutMs = 10_000;
const statementTimeoutMs = 60_000;
const closeLimitMs = 2000;

/**
 * Options for `pg`. Both ends probe a silent connection, so that the locks of a host that lost its power
 * are free within a minute and a half-open connection does not hang. "config/invalid" for an `sslRootCert`
 * that cannot be read.
 */
export async function connectionOptions(address: ServerAddress): Promise<ClientConfig> {
  const { host, port, user, password, database } = address;
  const base: ClientConfig = {
    host,
    port,
    user,
    database,
    ...(password === null ? {} : { password }),
    application_name: "holdfast-catalog",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // The server ends a slow statement by itself; this is for a server that does not answer at all.
    query_timeout: statementTimeoutMs + 15_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options:
      "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 " +
      "-c tcp_user_timeout=45000 -c timezone=UTC -c jit=off -c lock_timeout=50s",
  };
  const sslmode = sslModeOf(address);
  if (!mayDoWithoutTls(sslmode)) return { ...base, ssl: await tlsOf(address, sslmode, "the catalog") };
  const encrypted = { ...base, ssl: { rejectUnauthorized: false } };
  return (await speaksTls(encrypted)) ? encrypted : { ...base, ssl: false };
}

/** As libpq does it: encrypted where the server can, in the clear where it cannot. */
async function speaksTls(options: ClientConfig): Promise<boolean> {
  const lines = linesOf(options);
  const client = new Client(lines.options);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (lacksTls(error)) return false;
    throw error;
  } finally {
    await lines.ended(client.end(), closeLimitMs);
  }
}
