/**
 * A server for restic's REST backend that keeps each object as a file and counts the requests
 * (https://restic.readthedocs.io/en/stable/100_references.html#rest-backend). One repository, loopback only.
 */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface ResticServer extends AsyncDisposable {
  /** As restic wants it. */
  readonly repository: string;
  /** Told of every request before it is answered; `bytes` are those of a body that was written. */
  onRequest: (operation: "stat" | "read" | "list" | "create" | "remove", bytes: number) => void;
}

const kinds = ["data", "keys", "locks", "snapshots", "index"];
const listing = "application/vnd.x.restic.rest.v2";

export async function startResticServer(folder: string): Promise<ResticServer> {
  for (const kind of kinds) await mkdir(join(folder, kind), { recursive: true });
  const http = createServer((request, response) => {
    answer(folder, served.onRequest, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const served: ResticServer = {
    repository: `rest:http://127.0.0.1:${String(port)}/`,
    onRequest: () => undefined,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await once(http.close(), "close");
    },
  };
  return served;
}

async function answer(
  folder: string,
  onRequest: ResticServer["onRequest"],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, kind = "", name = ""] =
    /^\/(?:([a-z]+)(?:\/([0-9a-f]*))?)?(?:\?.*)?$/.exec(request.url ?? "") ?? [];
  // The repository is made before the server starts; restic asks for it once.
  if (kind === "") return end(response, request.method === "POST" ? 200 : 404);
  const isListing = kinds.includes(kind) && name === "";
  const path = kind === "config" ? join(folder, "config") : join(folder, kind, name);
  const method = request.method ?? "";
  switch (method) {
    case "HEAD":
      onRequest("stat", 0);
      return head(path, response);
    case "GET":
      onRequest(isListing ? "list" : "read", 0);
      return isListing ? list(path, response) : send(path, request.headers.range, response);
    case "POST": {
      const bytes = await take(path, request);
      onRequest("create", bytes);
      return end(response, 200);
    }
    case "DELETE":
      onRequest("remove", 0);
      await rm(path, { force: true });
      return end(response, 200);
    default:
      return end(response, 405);
  }
}

async function head(path: string, response: ServerResponse): Promise<void> {
  const bytes = await sizeOf(path);
  if (bytes === null) return end(response, 404);
  response.writeHead(200, { "content-length": bytes }).end();
}

async function list(path: string, response: ServerResponse): Promise<void> {
  const files = await readdir(path);
  const shown = await Promise.all(
    files.map(async (name) => ({ name, size: (await sizeOf(join(path, name))) ?? 0 })),
  );
  response.writeHead(200, { "content-type": listing }).end(JSON.stringify(shown));
}

async function send(path: string, range: string | undefined, response: ServerResponse): Promise<void> {
  const bytes = await sizeOf(path);
  if (bytes === null) return end(response, 404);
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  const start = Number(from);
  const last = Math.min(to === "" ? bytes - 1 : Number(to), bytes - 1);
  response.writeHead(range === undefined ? 200 : 206, {
    "content-length": Math.max(0, last - start + 1),
    ...(range === undefined ? {} : { "content-range": `bytes ${from}-${String(last)}/${String(bytes)}` }),
  });
  if (last < start) response.end();
  else await pipeline(createReadStream(path, { start, end: last }), response);
}

/** Whole or not at all; returns its length. */
async function take(path: string, request: IncomingMessage): Promise<number> {
  const aside = `${path}.part`;
  await pipeline(request, createWriteStream(aside));
  const bytes = (await sizeOf(aside)) ?? 0;
  await rename(aside, path);
  return bytes;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
