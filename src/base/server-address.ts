/** Where a PostgreSQL server is, and how a connection to it is encrypted; libpq's words and libpq's rules. */
import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { Failure, reasonOf } from "./failure.ts";

/** When a connection is given up that nobody has ended. */
export interface LineLimits {
  /**
   * So long nothing may move on a connection that we wait on before the server is asked whether it is alive;
   * default two minutes.
   */
  readonly silenceMs?: number;
  /**
   * A line that carries less while we wait on it, and the server not for itself, is given up; default 1024, and 0
   * waits for any.
   */
  readonly leastBytesPerSecond?: number;
}

/** How to reach a server as somebody. Sockets are folders in `host`. */
export interface ServerAddress extends LineLimits {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  /** As in a URL: `disable`, `require`, `verify-full`… */
  readonly sslmode?: string | undefined;
  /** File of the authorities that `verify-ca` and `verify-full` trust. */
  readonly sslRootCert?: string | undefined;
}

/** A socket is never encrypted; without a word the server is asked (`prefer`). */
export function sslModeOf(address: ServerAddress): string {
  return address.host.startsWith("/") ? "disable" : (address.sslmode ?? "prefer");
}

/** Whether a connection is encrypted where the server can, and goes in the clear where it cannot. */
export function mayDoWithoutTls(sslmode: string): boolean {
  return sslmode === "prefer" || sslmode === "allow";
}

/** Whether a connection failed only because the server does not encrypt. */
export function lacksTls(error: unknown): boolean {
  return reasonOf(error).includes("does not support SSL");
}

/**
 * For a mode that leaves the server no choice. "config/invalid" for an `sslRootCert` that cannot be read;
 * `whose` says of what, as in "the URL".
 */
export async function tlsOf(
  { sslRootCert }: ServerAddress,
  sslmode: string,
  whose: string,
): Promise<ConnectionOptions | false> {
  if (sslmode === "disable") return false;
  const ca = sslRootCert === undefined ? {} : { ca: await authorities(sslRootCert, whose) };
  if (sslmode === "verify-full") return { rejectUnauthorized: true, ...ca };
  if (sslmode === "verify-ca")
    return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca };
  return { rejectUnauthorized: false };
}

async function authorities(file: string, whose: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Failure("config/invalid", `sslrootcert of ${whose} cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
