/** The line that the tests of faults use goes wrong as it says, and else passes on every byte. */
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { opening } from "../support/proxy-fault.ts";
import { type Proxy, type ProxyOptions, startProxy } from "../support/proxy.ts";

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** In front of a server that sends back what it is sent. */
async function echo(
  options: ProxyOptions = {},
): Promise<{ readonly line: Proxy; readonly say: (words: string) => Socket }> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket.on("error", () => undefined));
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const line = await startProxy({ port: portOf(server.address()) }, options);
  closing.push(
    {
      [Symbol.asyncDispose]: async () => {
        for (const socket of open) socket.destroy();
        await once(server.close(), "close");
      },
    },
    line,
  );
  return {
    line,
    say: (words) => {
      const socket = connect(line.port, line.host);
      socket.on("error", () => undefined).end(words);
      return socket;
    },
  };
}

/** In front of a server that tells of each request its method and the length of its body, and adds `0123456789`. */
async function web(): Promise<{
  readonly line: Proxy;
  readonly ask: (method: string, path: string, body?: string) => Promise<string>;
}> {
  const server = createServer((asked, answer) => {
    void text(asked).then((body) => answer.end(`${asked.method ?? ""} ${String(body.length)} 0123456789`));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const line = await startProxy({ port: portOf(server.address()) }, { protocol: "http" });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  closing.push(
    {
      [Symbol.asyncDispose]: async () => {
        agent.destroy();
        server.closeAllConnections();
        await once(server.close(), "close");
      },
    },
    line,
  );
  const ask = async (method: string, path: string, body = ""): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = { "content-length": body.length };
    const asked = request({ port: line.port, host: line.host, path, method, agent, headers }, (answer) => {
      text(answer).then((said) => resolve(`${String(answer.statusCode)} ${said}`), reject);
    });
    asked.on("error", reject).end(body);
    return promise;
  };
  return { line, ask };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a line of bytes", () => {
  it("passes on all that is said, and the end", async () => {
    const { line, say } = await echo();
    const words = "x".repeat(5_000_000);
    expect(await text(say(words))).toBe(words);
    expect(line.said[0]).toBe(opening);
  });

  it("takes a round trip for the handshake and one for the answer", async () => {
    const { say } = await echo({ roundTripMs: 60 });
    const startedMs = performance.now();
    expect(await text(say("hello"))).toBe("hello");
    expect(performance.now() - startedMs).toBeGreaterThan(115);
  });

  it("is reset by what is said", async () => {
    const { line, say } = await echo();
    line.meets("bad", { kind: "breaks", how: "reset" });
    expect(await text(say("good"))).toBe("good");
    await expect(text(say("bad"))).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await text(say("bad"))).toBe("bad");
  });

  it("ends cleanly in the middle of an answer", async () => {
    const { line, say } = await echo();
    line.meets("hello", { kind: "answer-breaks", bytes: 3, how: "end" }, { skip: 1, times: 2 });
    expect([await text(say("hello")), await text(say("hello")), await text(say("hello"))]).toEqual([
      "hello",
      "hel",
      "hel",
    ]);
    expect(await text(say("hello"))).toBe("hello");
  });

  it("is half open: what comes after so many bytes never comes, and nobody says so", async () => {
    const { line, say } = await echo();
    line.meets(opening, { kind: "answer-breaks", bytes: 2, how: "silence" });
    const socket = say("hello");
    const [part] = await once(socket, "data");
    expect(String(part)).toBe("he");
    expect(socket.readableEnded).toBe(false);
    socket.destroy();
  });

  it("listens for nothing more once it is healed", async () => {
    const { line, say } = await echo();
    const heard: string[] = [];
    for (const saying of ["before", "after"]) void line.hears(saying).then((words) => heard.push(words));
    await text(say("before"));
    line.heals();
    await text(say("after"));
    expect(heard).toEqual(["before"]);
  });

  it("trickles", async () => {
    const { line, say } = await echo();
    line.meets("hello", { kind: "answer-trickles", bytesPerSecond: 50 });
    const startedMs = performance.now();
    expect(await text(say("hello"))).toBe("hello");
    expect(performance.now() - startedMs).toBeGreaterThan(90);
  });

  it("is cut, and mended under the same port", async () => {
    const { line, say } = await echo();
    const socket = connect(line.port, line.host).on("error", () => undefined);
    socket.write("hello");
    await once(socket, "data");
    await line.cut();
    await once(socket, "close");
    await expect(text(say("hello"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await line.mend();
    expect(await text(say("hello"))).toBe("hello");
  });
});

describe("a line of HTTP", () => {
  it("tells requests on one connection apart", async () => {
    const { line, ask } = await web();
    expect(await ask("PUT", "/one", "x".repeat(300_000))).toBe("200 PUT 300000 0123456789");
    expect(await ask("GET", "/two")).toBe("200 GET 0 0123456789");
    expect(line.said).toEqual([opening, "PUT /one", "GET /two"]);
  });

  it("answers instead of the server, every second time if told so", async () => {
    const { line, ask } = await web();
    const slow = { kind: "refused", status: 503, code: "SlowDown" } as const;
    line.meets(/^PUT/, slow, { times: Infinity, every: 2 });
    const first = await ask("PUT", "/a", "abc");
    expect(first).toBe("200 PUT 3 0123456789");
    expect(await ask("PUT", "/a", "abc")).toMatch(/^503 .*SlowDown/);
    expect(await ask("GET", "/a")).toBe("200 GET 0 0123456789");
    expect(await ask("PUT", "/a", "abc")).toBe("200 PUT 3 0123456789");
    expect(await ask("PUT", "/a", "abc")).toMatch(/^503/);
  });

  it.each(["length", "chunked", "close"] as const)(
    "ends an answer early, and its %s says all is well",
    async (framing) => {
      const { line, ask } = await web();
      line.meets("/b", { kind: "answer-ends-early", bytes: 8, framing });
      expect(await ask("GET", "/b")).toBe("200 GET 0 01");
      expect(await ask("GET", "/b")).toBe("200 GET 0 0123456789");
    },
  );

  it("breaks after part of a request, and after a request whose answer is lost", async () => {
    const { line, ask } = await web();
    line.meets("/c", { kind: "saying-breaks", bytes: 200, how: "reset" });
    await expect(ask("PUT", "/c", "x".repeat(1000))).rejects.toMatchObject({ code: "ECONNRESET" });
    line.meets("/d", { kind: "answer-breaks", bytes: 0, how: "reset" });
    await expect(ask("PUT", "/d", "abc")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await ask("PUT", "/d", "abc")).toBe("200 PUT 3 0123456789");
  });

  it("tells how often a fault was met, and how often it changed anything", async () => {
    const { line, ask } = await web();
    expect(line.faults).toEqual({ met: 0, tookEffect: 0 });
    line.meets("/short", { kind: "saying-breaks", bytes: 900, how: "reset" });
    await ask("GET", "/short");
    line.meets("/short", { kind: "answer-breaks", bytes: 900, how: "reset" });
    await ask("GET", "/short");
    line.meets("/short", { kind: "answer-ends-early", bytes: 900, framing: "length" });
    await ask("GET", "/short");
    expect(line.faults).toEqual({ met: 3, tookEffect: 0 });
    line.meets("/long", { kind: "saying-breaks", bytes: 900, how: "reset" });
    await expect(ask("PUT", "/long", "x".repeat(1000))).rejects.toMatchObject({ code: "ECONNRESET" });
    line.meets("/long", { kind: "answer-ends-early", bytes: 3, framing: "chunked" });
    await ask("GET", "/long");
    line.meets("/long", { kind: "refused", status: 503, code: "SlowDown" });
    await ask("GET", "/long");
    expect(line.faults).toEqual({ met: 6, tookEffect: 3 });
  });

  it("tells when something is said", async () => {
    const { line, ask } = await web();
    const heard = line.hears(/^GET \/e/);
    await ask("PUT", "/e");
    await ask("GET", "/e?x");
    expect(await heard).toBe("GET /e?x");
  });
});
