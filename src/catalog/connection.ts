/** How every connection to the catalog is made. */
import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { Client, type ClientConfig } from "pg";
import { Failure, reasonOf } from "../base/failure.ts";
import type { CatalogAddress } from "./address.ts";

const connectTimeoutMs = 10_000;
const statementTimeoutMs = 60_000;

/**
 * Options for `pg`. Both ends probe a silent connection, so that the locks of a host that lost its power
 * are free within a minute and a half-open connection does not hang. "config/invalid" for an `sslRootCert`
 * that cannot be read.
 */
export async function connectionOptions(address: CatalogAddress): Promise<ClientConfig> {
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
  const sslmode = host.startsWith("/") ? "disable" : (address.sslmode ?? "prefer");
  if (sslmode !== "prefer" && sslmode !== "allow") return { ...base, ssl: await tlsOf(address, sslmode) };
  const encrypted = { ...base, ssl: { rejectUnauthorized: false } };
  return (await speaksTls(encrypted)) ? encrypted : { ...base, ssl: false };
}

async function tlsOf(address: CatalogAddress, sslmode: string): Promise<ConnectionOptions | false> {
  if (sslmode === "disable") return false;
  const ca = address.sslRootCert === undefined ? {} : { ca: await authorities(address.sslRootCert) };
  if (sslmode === "verify-full") return { rejectUnauthorized: true, ...ca };
  if (sslmode === "verify-ca")
    return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca };
  return { rejectUnauthorized: false };
}

async function authorities(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Failure("config/invalid", `sslrootcert of the catalog cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** As libpq does it: encrypted where the server can, in the clear where it cannot. */
async function speaksTls(options: ClientConfig): Promise<boolean> {
  const client = new Client(options);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (reasonOf(error).includes("does not support SSL")) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
