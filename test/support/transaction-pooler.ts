/** A pooler that lends a server session to a client for one transaction at a time, as PgBouncer can. */
import { createServer, Socket } from "node:net";
import { once } from "node:events";
import { Client } from "pg";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";

interface Pooler extends AsyncDisposable {
  readonly port: number;
}

const readyForQuery = "Z".charCodeAt(0);
const idle = "I".charCodeAt(0);
const terminate = "X".charCodeAt(0);
/** AuthenticationOk, then ReadyForQuery in no transaction. */
const welcome = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, readyForQuery, 0, 0, 0, 5, idle]);

export async function startPooler(
  server: PrivateServer,
  database: string,
  backends: number,
): Promise<Pooler> {
  const free: Socket[] = [];
  const waiting: ((backend: Socket) => void)[] = [];
  const all: Socket[] = [];
  for (let index = 0; index < backends; index += 1) all.push(await loggedIn(server, database));
  free.push(...all);

  const give = (backend: Socket): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(backend);
    else next(backend);
  };
  const take = async (): Promise<Socket> => free.shift() ?? new Promise((resolve) => waiting.push(resolve));

  const clients = new Set<Socket>();
  const listener = createServer((client) => {
    clients.add(client);
    client.on("error", () => undefined);
    client.once("data", () => {
      client.write(welcome);
      serve(client, take, give);
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the pooler listens on no port");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...clients, ...all]) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

/** A session of the server whose bytes are ours once it has been let in. */
async function loggedIn(server: PrivateServer, database: string): Promise<Socket> {
  const socket = new Socket();
  const { host, port, user, password } = server.address;
  const client = new Client({ host, port, user, password: password ?? "", database, stream: () => socket });
  client.on("error", () => undefined);
  await client.connect();
  socket.removeAllListeners("data");
  return socket;
}

function serve(client: Socket, take: () => Promise<Socket>, give: (backend: Socket) => void): void {
  let backend: Promise<Socket> | null = null;
  const borrow = async (): Promise<Socket> => {
    const lent = await take();
    let held: Buffer = Buffer.alloc(0);
    const onData = (part: Buffer): void => {
      client.write(part);
      held = Buffer.concat([held, part]);
      let isOver = false;
      while (held.length >= 5 && held.length >= held.readInt32BE(1) + 1) {
        isOver = held[0] === readyForQuery && held[5] === idle;
        held = held.subarray(held.readInt32BE(1) + 1);
      }
      if (!isOver || held.length > 0) return;
      lent.off("data", onData);
      backend = null;
      give(lent);
    };
    lent.on("data", onData);
    return lent;
  };
  client.on("data", (part: Buffer) => {
    if (part[0] === terminate) return;
    backend ??= borrow();
    void backend.then((lent) => lent.write(part));
  });
}
