import { Duplex } from "node:stream";
import type { Client } from "pg";
import { Failure } from "../../base/failure.ts";
import type { Life } from "./life.ts";
import type { Side } from "./session.ts";

/**
 * What a tenant may put into its catalogs, or say by its functions, is limited by nobody else. Once `client` is connected;
 * what comes beyond the limits ends the connection: "source/unsupported" or "load/failed".
 */
export function limitMessages(client: Client, life: Life, side: Side): void {
  const code = side === "source" ? "source/unsupported" : "load/failed";
  const failureFor = (what: string): Failure =>
    new Failure(code, `the server sent ${what}`, {
      hint: "is there a comment, an expression or a setting of such a size, or a function that says so much?",
    });
  const stream = streamOf(client);
  if (stream === null) throw new Failure("internal/bug", "a client of pg has no stream");
  life.limit(stream, failureFor);
}

/** The socket, or what wraps it. */
function streamOf(client: Client): Duplex | null {
  const connection: unknown = Reflect.get(client, "connection");
  const stream: unknown =
    typeof connection === "object" && connection !== null ? Reflect.get(connection, "stream") : null;
  return stream instanceof Duplex ? stream : null;
}
