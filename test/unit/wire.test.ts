/** A socket that gives little at a time is left to fill up for a moment, and nothing is read while its taker is full. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { Wire } from "../../src/postgres/session/wire.ts";

/** A wire, and the other end of it. */
async function connected() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const accepted = once(server, "connection");
  const wire = new Wire(false);
  wire.socket.connect(address.port, "127.0.0.1");
  const [far]: Socket[] = await accepted;
  if (far === undefined) throw new Error("no connection");
  return {
    wire,
    far,
    async [Symbol.asyncDispose]() {
      wire.socket.destroy();
      far.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it("loses nothing and keeps the order while it rests and its taker is full by turns", async () => {
  await using line = await connected();
  const sent = Buffer.alloc(6_000_000, Buffer.from("0123456789abcde"));
  const taken: Buffer[] = [];
  let bytes = 0;
  let isFull = false;
  let takenWhileFull = 0;
  const all = Promise.withResolvers<void>();
  const diversion = line.wire.divert(line.wire.socket, (part, count) => {
    if (isFull) takenWhileFull += 1;
    taken.push(Buffer.from(part.subarray(0, count)));
    bytes += count;
    if (bytes === sent.length) all.resolve();
    isFull = taken.length % 7 === 0;
    if (isFull) {
      setImmediate(() => {
        isFull = false;
        diversion.resume();
      });
    }
    return !isFull;
  });
  for (let at = 0; at < sent.length; at += 10_000) {
    if (!line.far.write(sent.subarray(at, at + 10_000))) await once(line.far, "drain");
  }
  await all.promise;
  expect(Buffer.concat(taken).equals(sent)).toBe(true);
  expect(takenWhileFull).toBe(0);
});

it("gives what comes behind the end of a diversion to pg", async () => {
  await using line = await connected();
  const passed = Promise.withResolvers<Buffer>();
  line.wire.socket.once("data", (part: Buffer) => {
    passed.resolve(part);
  });
  const large = Buffer.alloc(2_000_000, "r");
  let bytes = 0;
  const diversion = line.wire.divert(line.wire.socket, (_part, count) => {
    bytes += count;
    if (bytes === large.length) {
      diversion.end();
      line.far.write("behind");
    }
    return true;
  });
  line.far.write(large);
  expect((await passed.promise).toString()).toBe("behind");
});
