import { Connection, type Client } from "pg";
import { Failure } from "../../base/failure.ts";
import type { Life } from "./life.ts";
import type { Side } from "./session.ts";

/**
 * What a tenant may put into its catalogs, or say by its functions, is limited by nobody else. Before `client` connects,
 * since a trigger on login speaks before the session stands; what comes beyond the limits ends the connection:
 * "source/unsupported" or "load/failed".
 */
export function limitMessages(client: Client, life: Life, side: Side): void {
  const code = side === "source" ? "source/unsupported" : "load/failed";
  const failureFor = (what: string): Failure =>
    new Failure(code, `the server sent ${what}`, {
      hint: "is there a comment, an expression or a setting of such a size, or a function that says so much?",
    });
  const connection: unknown = Reflect.get(client, "connection");
  if (!(connection instanceof Connection))
    throw new Failure("internal/bug", "a client of pg has no connection");
  const begin = (): void => {
    life.limit(connection.stream, failureFor);
  };
  // Before it wraps the socket `pg` takes one letter from it, and only then has the stream that it reads.
  if (life.wire.isEncrypted) connection.once("sslconnect", begin);
  else begin();
}
