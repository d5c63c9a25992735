/** `daemon` and `status` as an operator meets them: over an embedded catalog, with signals, and beside other commands. */
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { type Running, type TenantHome, tenantHome } from "../support/tenant-home.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t as select g from generate_series(1, 1000) g");
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  home.set({ "daemon.listen": "127.0.0.1:0", "daemon.jobs.verify": 0, "daemon.jobs.scrub": 0 });
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

interface Told {
  readonly catalog: string;
  readonly daemons: readonly { readonly host: string; readonly heardAt: string | null }[] | null;
  readonly scheduler: { readonly ageSeconds: number | null; readonly isLate: boolean } | null;
  readonly tenants: { readonly total: number; readonly breaching: readonly unknown[] } | null;
}

async function status(): Promise<{ readonly exit: number; readonly told: Told }> {
  const { exit, stdout } = await home.say(["status", "--json"]);
  return { exit, told: JSON.parse(stdout) };
}

describe("status without a catalog", () => {
  it("says what it cannot know, and asks the stores, exit 4", async () => {
    const { exit, told } = await status();
    expect(exit).toBe(4);
    expect(told).toMatchObject({
      catalog: "not-running",
      daemons: null,
      scheduler: null,
      running: null,
      stoppedPrunes: null,
      tenants: null,
      queues: null,
      stores: [
        { store: "one", up: true },
        { store: "two", up: true },
      ],
    });
    expect((await home.say(["status"])).stdout).toContain("catalog: not running");
  });

  it("says so when the catalog does not answer", async () => {
    using _ = home.set({ catalog: "postgres://nobody@127.0.0.1:1/none" });
    const said = await home.say(["status", "--json"]);
    expect(said.exit).toBe(4);
    expect(JSON.parse(said.stdout)).toMatchObject({ catalog: "unreachable", tenants: null });
    expect(said.stderr).toContain("the catalog cannot be asked");
  });
});

describe("a daemon", () => {
  it("runs until SIGTERM, is seen by status, is in no command's way, and exits 0", async () => {
    const daemon: Running = home.start(["daemon"]);
    try {
      const { told } = await until("status sees the daemon", async () => {
        const seen = await status();
        return seen.told.daemons?.length === 1 &&
          seen.told.tenants?.total === 1 &&
          seen.told.scheduler?.isLate === false
          ? seen
          : null;
      });
      expect(told).toMatchObject({
        catalog: "up",
        daemons: [{ heardAt: expect.any(String) }],
        tenants: {
          byBreach: { "never-backed-up": 1 },
          breaching: [{ tenant: "acme", breaches: ["never-backed-up"] }],
        },
        running: [],
        deadLetters: [],
        stoppedPrunes: [],
      });
      const said = await home.say(["status"]);
      expect(said.stdout).toMatch(/^daemons: \S+ \(heard of .+ ago\)$/m);
      expect(said.stdout).toMatch(/^scheduler: last beat .+ ago$/m);
      expect(said.stdout).toMatch(/^acme +never-backed-up/m);
      expect(await home.run(["backup", "acme"])).toMatchObject({ exit: 0, stderr: "" });
      expect((await status()).told.tenants?.breaching).toEqual([]);
    } finally {
      daemon.kill("SIGTERM");
    }
    const ended = await daemon.ended;
    expect(ended).toMatchObject({ exit: 0, stdout: "0 jobs ended here, 0 went back to the queue\n" });
    const lines = ended.stderr
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ level: "info", message: "daemon ended" });
  });

  it("heeds a SIGHUP while it waits for its catalog, and goes on waiting", async () => {
    const port = await freePort();
    using _ = home.set({
      catalog: "postgres://nobody@127.0.0.1:1/none",
      "daemon.listen": `127.0.0.1:${String(port)}`,
    });
    const daemon = home.start(["daemon"]);
    const answers = async (): Promise<boolean> => {
      const readiness = fetch(`http://127.0.0.1:${String(port)}/readyz`);
      return readiness.then(({ status: code }) => code === 503).catch(() => false);
    };
    try {
      await until("it waits", answers);
      daemon.kill("SIGHUP");
      expect(await answers()).toBe(true);
    } finally {
      daemon.kill("SIGTERM");
    }
    expect(await daemon.ended).toMatchObject({ exit: 0, signal: null });
  });

  it("does not start with a configuration that is wrong, exit 2", async () => {
    using _ = home.set({ "daemon.beat": "soon" });
    expect(await home.say(["daemon"])).toMatchObject({ exit: 2 });
    expect(await home.say(["daemon", "--log-level", "loud"])).toMatchObject({ exit: 2 });
  });
});

describe("a backup beside a catalog that does not answer", () => {
  it("is made all the same, with a warning", async () => {
    using _ = home.set({ catalog: "postgres://nobody@127.0.0.1:1/none" });
    const said = await home.say(["backup", "acme"]);
    expect(said.exit).toBe(0);
    expect(said.stderr).toContain("warning: the catalog cannot tell whether somebody else is at work");
  });
});
