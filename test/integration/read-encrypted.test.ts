/** Over TLS a session copies the same rows as in the clear, and takes the connection back from a COPY in good order. */
import { createConnection, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { encryptedFront, portOf } from "../support/encrypted-front.ts";
import { startTestServer, testWait, urlOf } from "../support/postgres-server.ts";

/** In bytes more than any message that `pg` is given. */
const large = "copy (select pg_catalog.repeat('x', 70000000)) to stdout";
const largeBytes = 70_000_001;

let server: PrivateServer;
let front: Server;

beforeAll(async () => {
  server = await startTestServer();
  const path = join(server.address.host, `.s.PGSQL.${String(server.address.port)}`);
  front = await encryptedFront(() => createConnection(path));
});

afterAll(async () => {
  front.close();
  await server[Symbol.asyncDispose]();
});

type Line = "in the clear" | "over TLS";
const lines: readonly Line[] = ["in the clear", "over TLS"];

async function session(line: Line): Promise<Session> {
  const clear = urlOf(server, "postgres");
  const secret = clear.replace(/@.*/, `@127.0.0.1:${String(portOf(front))}/postgres?sslmode=require`);
  return connect(addressOf(line === "over TLS" ? secret : clear), "source", {}, testWait());
}

it("copies over TLS what it copies in the clear", async () => {
  const digests: string[] = [];
  for (const line of lines) {
    await using asking = await session(line);
    const copy = asking.copyOut(
      "copy (select n, repeat('x', n % 5000) from generate_series(1, 5000) n) to stdout",
    );
    digests.push(sha256(Buffer.concat(await Array.fromAsync(copy.bytes))));
    expect(copy.rows()).toBe(5000);
    expect(await asking.query("select 1 as one")).toEqual([{ one: 1 }]);
  }
  expect(digests[0]).toBe(digests[1]);
});

it.each(lines)("copies %s a row that no answer to a query may have", async (line) => {
  await using asking = await session(line);
  let bytes = 0;
  const small = "copy (select 1) to stdout";
  for await (const part of asking.copiesOut([small, large, small])) bytes += part.bytes.length;
  expect(bytes).toBe(2 + largeBytes + 2);
  expect(await asking.query("select 1 as one")).toEqual([{ one: 1 }]);
});
