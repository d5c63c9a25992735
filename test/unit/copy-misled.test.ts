/** A server that answers a COPY with what no COPY brings loses the connection, and the process goes on. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../src/postgres/session/connect.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { testWait } from "../support/postgres-server.ts";

function message(kind: string, ...content: readonly number[]): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, "latin1");
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, Buffer.from(content)]);
}

const welcome = Buffer.concat([message("R", 0, 0, 0, 0), message("Z", 73)]);
const copyIn = message("G", 0, 0, 0);
const misleading: readonly (readonly [string, Buffer])[] = [
  ["rows of a COPY", message("d", 49, 10)],
  ["the wish for rows", copyIn],
  ["a row", message("D", 0, 0)],
  ["the description of a row", message("T", 0, 0)],
  ["word of an empty query", message("I")],
  ["word of a suspended portal", message("s")],
];

let server: Server;
let answer: Buffer;

beforeEach(async () => {
  server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(welcome);
      socket.once("data", () => socket.write(answer));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function session(): Promise<Session> {
  const place = server.address();
  const port = typeof place === "object" && place !== null ? place.port : 0;
  const address = { host: "127.0.0.1", port, user: "u", password: null, database: "d", sslmode: "disable" };
  return connect(address, "source", { versionNum: 180_000 }, testWait());
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.from("1\n");
}

describe("a COPY that is answered with", () => {
  it.each(misleading.filter(([, misled]) => misled !== copyIn))(
    "%s is lost, into the server",
    async (_, misled) => {
      answer = Buffer.concat([copyIn, misled]);
      await using asking = await session();
      await expect(asking.copyIn("copy t from stdin", endless())).rejects.toMatchObject({
        code: "source/lost",
      });
    },
  );

  it.each(misleading.filter(([what]) => what !== "rows of a COPY"))(
    "%s is lost, out of the server",
    async (_, misled) => {
      answer = misled;
      await using asking = await session();
      await expect(Array.fromAsync(asking.copyOut("copy t to stdout").bytes)).rejects.toMatchObject({
        code: "source/lost",
      });
    },
  );

  it("what nobody knows, and then rows, is lost", async () => {
    answer = Buffer.concat([message("K", 0, 0, 0, 1, 0, 0, 0, 2), message("d", 49, 10)]);
    await using asking = await session();
    await expect(Array.fromAsync(asking.copyOut("copy t to stdout").bytes)).rejects.toMatchObject({
      code: "source/lost",
    });
  });
});
