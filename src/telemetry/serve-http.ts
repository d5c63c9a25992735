import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import { Registry } from "prom-client";
import { Failure, isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";

export interface HttpOptions {
  /** `address:port` or `[address]:port`; port 0 for any that is free. */
  readonly listen: string;
  /** One scrape. */
  readonly render: (wait: Waiting) => Promise<string>;
  /** Why no work can be done here, in words without names of tenants; none: ready. */
  readonly ready: (wait: Waiting) => Promise<readonly string[]>;
  /** Why the process ought to be started anew; none: healthy. */
  readonly healthy: () => readonly string[];
}

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:9750`, with the port it got. */
  readonly address: string;
}

/** A request that takes longer is given up; scrapers wait ten seconds. */
const answerMsMax = 10_000;
/** Nothing here takes a body. */
const bodyBytesMax = 16_384;

/**
 * Answers `/metrics`, `/healthz` and `/readyz` until it is disposed, or the wait ends. All other
 * requests, and those with another method, are answered with 404 as JSON. "http/listen" when it cannot
 * listen there: the process before may not have let go of the port yet, so trying again may help.
 */
export async function serveHttp(options: HttpOptions, wait: Waiting): Promise<HttpServer> {
  const ended = new AbortController();
  const until: Waiting = { signal: AbortSignal.any([wait.signal, ended.signal]) };
  const app = routes(options, until);
  const { host, port } = parseListen(options.listen);
  let address: string;
  try {
    address = await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw new Failure("http/listen", `cannot listen on ${options.listen}`, { cause });
  }
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      ended.abort(new Failure("wait/cancelled", "the server is being closed"));
      await app.close();
    },
  };
}

function routes({ render, ready, healthy }: HttpOptions, until: Waiting): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    connectionTimeout: answerMsMax,
    requestTimeout: answerMsMax,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    frameworkErrors: (_, __, reply) => {
      // The library's own answer would give the request back to who sent it.
      reply.hijack();
      reply.raw.writeHead(400, { "content-type": "application/json; charset=utf-8" });
      reply.raw.end(JSON.stringify({ error: "bad request", code: null }));
    },
    routerOptions: { maxParamLength: 100 },
  });
  app.get("/metrics", async (_, reply) => {
    const text = await render(within(until, answerMsMax));
    return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(text);
  });
  app.get("/healthz", async (_, reply) => answer(reply, { status: "healthy" }, healthy()));
  app.get("/readyz", async (_, reply) =>
    answer(reply, { status: "ready" }, await ready(within(until, answerMsMax))),
  );
  app.setNotFoundHandler(async (_, reply) => reply.code(404).send({ error: "not found" }));
  app.setErrorHandler(async (error, _, reply) => {
    // What failed is in the log of who failed; a stranger on the network is told no more than that.
    const code = isFailure(error) ? error.code : null;
    const status = code === "wait/expired" || code === "wait/cancelled" ? 503 : statusOf(error);
    return reply.code(status).send({ error: status < 500 ? "bad request" : "failed", code });
  });
  return app;
}

async function answer(
  reply: FastifyReply,
  good: { readonly status: string },
  reasons: readonly string[],
): Promise<FastifyReply> {
  return reasons.length === 0
    ? reply.send(good)
    : reply.code(503).send({ status: `not ${good.status}`, reasons });
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(listen) ?? [];
  return { host, port: Number(port) };
}
