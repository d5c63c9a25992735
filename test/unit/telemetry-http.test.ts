/** The HTTP server answers probes and scrapers, tells strangers nothing, and ends when it is told to. */
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { type HttpOptions, type HttpServer, serveHttp } from "../../src/telemetry/serve-http.ts";
import { never } from "../support/repository-fixture.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

function serve(changes: Partial<HttpOptions> = {}, wait: Waiting = never): Promise<HttpServer> {
  const options: HttpOptions = {
    listen: "127.0.0.1:0",
    render: () => Promise.resolve("holdfast_tenants 1\n"),
    ready: () => Promise.resolve([]),
    healthy: () => [],
  };
  return serveHttp({ ...options, ...changes }, wait);
}

describe("/metrics", () => {
  it("answers with a scrape in the type that Prometheus expects", async () => {
    await using server = await serve();
    const answer = await fetch(`${server.address}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toBe("holdfast_tenants 1\n");
  });

  it("that cannot be rendered says so, and not why", async () => {
    await using server = await serve({
      render: () => Promise.reject(new Error("password authentication failed for mortimer")),
    });
    const answer = await fetch(`${server.address}/metrics`);
    expect([answer.status, await answer.json()]).toEqual([500, { error: "failed", code: null }]);
  });
});

describe("/healthz and /readyz", () => {
  it("answer 200 while nothing stands against it", async () => {
    await using server = await serve();
    expect(await (await fetch(`${server.address}/healthz`)).json()).toEqual({ status: "healthy" });
    expect(await (await fetch(`${server.address}/readyz`)).json()).toEqual({ status: "ready" });
  });

  it("answer 503 with the reasons", async () => {
    await using server = await serve({
      ready: () => Promise.resolve(["the catalog does not answer"]),
      healthy: () => ["the scheduler stands still"],
    });
    const [ready, healthy] = await Promise.all([
      fetch(`${server.address}/readyz`),
      fetch(`${server.address}/healthz`),
    ]);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: "not ready", reasons: ["the catalog does not answer"] },
    ]);
    expect([healthy.status, await healthy.json()]).toEqual([
      503,
      { status: "not healthy", reasons: ["the scheduler stands still"] },
    ]);
  });

  it("answers 503 when readiness could not be told in time", async () => {
    await using server = await serve({
      ready: () => Promise.reject(new Failure("wait/expired", "the time allowed for this step is over")),
    });
    const answer = await fetch(`${server.address}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { error: "failed", code: "wait/expired" }]);
  });
});

describe("anything else", () => {
  it.each([
    ["GET", "/"],
    ["GET", "/metrics/"],
    ["GET", "/%00"],
    ["POST", "/metrics"],
    ["DELETE", "/readyz"],
  ])("%s %s is not found", async (method, path) => {
    await using server = await serve();
    const answer = await fetch(`${server.address}${path}`, { method });
    expect([answer.status, await answer.json()]).toEqual([404, { error: "not found" }]);
  });

  it("is not read when it is large", async () => {
    await using server = await serve();
    const answer = await fetch(`${server.address}/metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify("x".repeat(100_000)),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).not.toHaveProperty("message");
  });

  it("that is no path tells nothing either", async () => {
    await using server = await serve();
    const answer = await fetch(`${server.address}/%E0%A4%A`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(Object.keys(Object(await answer.json()))).toEqual(["error", "code"]);
  });
});

describe("listening", () => {
  it("on an address that is taken fails with a hint, and may be tried again", async () => {
    await using server = await serve();
    await expect(serve({ listen: new URL(server.address).host })).rejects.toMatchObject({
      code: "http/listen",
      exit: 1,
      retryable: true,
      hint: expect.stringContaining("daemon.listen"),
    });
  });

  it.runIf(hasIpv6)("works on the loopback of IPv6", async () => {
    await using server = await serve({ listen: "[::1]:0" });
    expect(server.address).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });
});

describe("ending", () => {
  it("cuts a scrape that still waits, and connections that are held open", async () => {
    const begun = Promise.withResolvers<void>();
    let waited: AbortSignal | undefined;
    const server = await serve({
      render: async ({ signal }) => {
        waited = signal;
        begun.resolve();
        await once(signal, "abort");
        throw new Failure("wait/cancelled", "cancelled");
      },
    });
    const { hostname, port } = new URL(server.address);
    const idle = connect(Number(port), hostname);
    await once(idle, "connect");
    const closed = once(idle, "close");
    const scrape = fetch(`${server.address}/metrics`).catch(() => null);
    await begun.promise;
    await server[Symbol.asyncDispose]();
    expect(waited?.aborted).toBe(true);
    await Promise.all([scrape, closed]);
    await expect(fetch(`${server.address}/healthz`)).rejects.toThrow("fetch failed");
  });
});
