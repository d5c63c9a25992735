/** Over TLS a session copies the same rows as in the clear, and takes the connection back from a COPY in good order. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { startTestServer, testWait, urlOf } from "../support/postgres-server.ts";

interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

async function selfSigned(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-certificate-"));
  try {
    const [key, cert] = [join(folder, "key"), join(folder, "cert")];
    const wish = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"];
    execFileSync("openssl", [...wish, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** PostgreSQL's own start of TLS, before a server that knows none on its private socket. */
async function encryptedFront(path: string, certificate: Certificate): Promise<Server> {
  const front = createServer((outer: Socket) => {
    outer.once("data", () => {
      outer.write("S");
      const inner = createConnection(path);
      const secure = new TLSSocket(outer, { isServer: true, ...certificate });
      for (const [one, other] of [
        [secure, inner],
        [inner, secure],
      ] as const) {
        one.on("error", () => other.destroy());
        one.pipe(other);
      }
    });
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return front;
}

it("copies over TLS what it copies in the clear", async () => {
  await using server = await startTestServer();
  const path = join(server.address.host, `.s.PGSQL.${String(server.address.port)}`);
  const front = await encryptedFront(path, await selfSigned());
  try {
    const bound = front.address();
    if (bound === null || typeof bound === "string") throw new Error("the front has no port");
    const clear = urlOf(server, "postgres");
    const secret = clear.replace(/@.*/, `@127.0.0.1:${String(bound.port)}/postgres?sslmode=require`);
    const digests: string[] = [];
    for (const url of [clear, secret]) {
      await using session = await connect(addressOf(url), "source", {}, testWait());
      const copy = session.copyOut(
        "copy (select n, repeat('x', n % 5000) from generate_series(1, 5000) n) to stdout",
      );
      digests.push(sha256(Buffer.concat(await Array.fromAsync(copy.bytes))));
      expect(copy.rows()).toBe(5000);
      expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
    }
    expect(digests[0]).toBe(digests[1]);
  } finally {
    front.close();
  }
});
