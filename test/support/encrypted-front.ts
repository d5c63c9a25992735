import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";

/** PostgreSQL's own start of TLS, on a port of its own, before a server that knows none; `inner` connects to that. */
export async function encryptedFront(inner: () => Socket): Promise<Server> {
  const certificate = await selfSigned();
  const front = createServer((outer: Socket) => {
    outer.once("data", () => {
      outer.write("S");
      const secure = new TLSSocket(outer, { isServer: true, ...certificate });
      const clear = inner();
      for (const [one, other] of [
        [secure, clear],
        [clear, secure],
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

export function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return bound.port;
}

async function selfSigned(): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
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
