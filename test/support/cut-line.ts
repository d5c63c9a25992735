/** A line to a server that can be cut and mended, as when the server or the network is away. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";

export interface CutLine extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Breaks every connection, and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function lineTo({ address }: PrivateServer): Promise<CutLine> {
  const open = new Set<Socket>();
  let server = await listen(0);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  const { port } = bound;

  async function listen(at: number): Promise<Server> {
    const made = createServer((near) => {
      const far = connect(`${address.host}/.s.PGSQL.${String(address.port)}`);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one);
        one.on("error", () => undefined);
        one.on("close", () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    made.listen(at, "127.0.0.1");
    await once(made, "listening");
    return made;
  }

  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    host: "127.0.0.1",
    port,
    cut,
    mend: async () => {
      server = await listen(port);
    },
    [Symbol.asyncDispose]: cut,
  };
}
