/** Three daemons as processes on one catalog, one of them killed in the middle of a backup: every slot is done, once. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { daemonHome, type DaemonHome, handOut, type LogLine } from "../support/daemon-home.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { until } from "../support/until.ts";

const tenants = ["acme", "bravo", "corro", "delta"] as const;
let server: PrivateServer;
let house: DaemonHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t as select g, md5(g::text) from generate_series(1, 10000) g");
  for (const name of tenants.slice(1)) await createDatabase(server, name, "template acme");
  house = await daemonHome(server, tenants);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

interface DaemonProcess extends AsyncDisposable {
  readonly lines: readonly LogLine[];
  kill(signal: NodeJS.Signals): void;
}

function startDaemon(host: string): DaemonProcess {
  const program = resolve(import.meta.dirname, "../support/daemon-process.ts");
  const child = spawn(process.execPath, [program, house.home.folder, host], {
    env: { ...process.env, ...house.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: LogLine[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line)));
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  return {
    lines,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Whoever holds the tables holds up every backup, so that none has ended before it is killed. */
async function holdTables(): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  for (const tenant of tenants) {
    const session = held.use(
      await connect(addressOf(urlOf(server, tenant)), "source", { ownSearchPath: true }, testWait()),
    );
    await session.query("begin; lock table t in access exclusive mode");
  }
  return held.move();
}

const isBegin = ({ message, queue }: LogLine): boolean => message === "job began" && queue === "backup";

it("does every slot once, that of the killed one too", async () => {
  const wait = testWait();
  await using queue = await openTestQueue(server, { database: house.database, hostName: "test" });
  await using one = startDaemon("one");
  await using two = startDaemon("two");
  await using three = startDaemon("three");
  const daemons = [one, two, three];
  await until("all three are there", async () => (await queue.daemons(wait)).length === 4);
  const held = await holdTables();
  const slots = await handOut(house, queue, tenants);
  expect(slots).toHaveLength(tenants.length);

  const victim = await until("a backup began", () => daemons.find(({ lines }) => lines.some(isBegin)));
  victim.kill("SIGKILL");
  const lost = victim.lines.filter(isBegin).map(({ tenant }) => tenant);
  expect(lost.length).toBeGreaterThan(0);
  await held[Symbol.asyncDispose]();

  for (const tenant of tenants) {
    await until(`${tenant} is done`, async () => {
      const [run] = await house.catalog.history.recent({ tenant: tenantId.parse(tenant), limit: 1 }, wait);
      return run?.result === "done";
    });
  }
  await until("nothing is left to do", async () => {
    const counts = await queue.counts(wait);
    return counts.every(({ jobs }) => jobs === 0);
  });
  // From the stores, which hold what nobody told of as well.
  for (const tenant of tenants) {
    const listed = JSON.parse((await house.home.say(["list", tenant, "--json"])).stdout);
    expect(listed).toMatchObject([
      { tenant, kind: "daily", copies: { one: { state: "present" }, two: { state: "present" } } },
    ]);
  }
  const begun = daemons.flatMap(({ lines }) => lines.filter(isBegin).map(({ tenant }) => tenant));
  expect(begun.length).toBeGreaterThan(tenants.length);
});
