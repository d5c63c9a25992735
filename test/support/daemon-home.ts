/** A home whose daemons share a catalog on the test's own server and look around fast; daemons run in this process. */
import { systemChance } from "../../src/base/chance.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { Catalog, EnqueueSlots } from "../../src/catalog/catalog.ts";
import { connectCatalog } from "../../src/catalog/connect-catalog.ts";
import type { JobQueue } from "../../src/catalog/queue.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Pace } from "../../src/daemon/pace.ts";
import { type DaemonEnd, runDaemon } from "../../src/daemon/run-daemon.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { tenantId } from "../../src/model/ids.ts";
import type { Slot } from "../../src/model/schedule.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { join, resolve } from "node:path";
import { fastPace } from "./fast-pace.ts";
import { createDatabase, testWait, urlOf } from "./postgres-server.ts";
import { type TenantHome, tenantHome } from "./tenant-home.ts";
import { until } from "./until.ts";

export interface DaemonHome extends AsyncDisposable {
  readonly home: TenantHome;
  /** What the programs of this home need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A connection of the test's own, to this database. */
  readonly catalog: Catalog;
  readonly database: string;
}

/** Catalog and `tenants` are databases of one server; daemons reach the catalog over `line`. Plans let tenants choose any interval, and prove nothing by themselves. */
export async function daemonHome(
  server: PrivateServer,
  tenants: readonly string[],
  line: { readonly host: string; readonly port: number } = server.address,
): Promise<DaemonHome> {
  const home = await tenantHome(urlOf(server, "postgres"), tenants);
  const name = `catalog_${systemChance(4).toString("hex")}`;
  await createDatabase(server, name);
  const env = {
    HOLDFAST_SOURCE_URL: urlOf(server, "postgres"),
    HOLDFAST_CATALOG_URL: urlOf({ ...server, address: { ...server.address, ...line } }, name),
  };
  home.set({
    catalog: "env:HOLDFAST_CATALOG_URL",
    "daemon.listen": "127.0.0.1:0",
    "daemon.beat": "1s",
    "daemon.discoverEvery": "1s",
    "daemon.jobs.verify": 0,
    "daemon.jobs.scrub": 0,
    "daemon.jobs.prune": 0,
  });
  for (const plan of ["standard", "enterprise"]) {
    home.set(
      {
        tenantChoice: { minInterval: "1s", maxPerDay: 100_000, allowedHours: { from: "00:00", to: "23:59" } },
      },
      `plans/${plan}.yaml`,
    );
  }
  const { host, port, user, password } = server.address;
  const catalog = await connectCatalog({ host, port, user, password, database: name }, {}, testWait());
  return {
    home,
    env,
    catalog,
    database: name,
    [Symbol.asyncDispose]: async () => {
      await catalog[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [fact: string]: unknown;
}

export interface DaemonHere extends AsyncDisposable {
  readonly lines: readonly LogLine[];
  readonly telemetry: Telemetry;
  readonly address: string;
  /** Resolves with the first line of that message and those facts, said or still to be said. */
  said(message: string, facts?: Readonly<Record<string, unknown>>, limitMs?: number): Promise<LogLine>;
  /** As SIGTERM does. */
  stop(): Promise<DaemonEnd>;
  /** As SIGHUP does. */
  reload(): void;
}

export interface DaemonOptions {
  readonly host?: string;
  readonly pace?: Partial<Pace>;
  readonly clock?: Clock;
}

/** Backups that are due now, one a tenant, handed out as a scheduler does it. */
export async function handOut(
  { catalog }: DaemonHome,
  queue: JobQueue,
  tenants: readonly string[],
): Promise<readonly Slot[]> {
  const wait = testWait();
  const now = await catalog.now(wait);
  const slots = tenants.map((tenant): Slot => ({
    tenant: tenantId.parse(tenant),
    kind: "daily",
    key: `${tenant}/${now.toISOString()}`,
    at: now.toISOString(),
  }));
  const enqueue: EnqueueSlots = (fresh, sql) =>
    queue.add(
      fresh.map(({ tenant, kind, key, at }) => ({
        job: { queue: "backup", tenant, kind, slot: key, at },
        source: { name: "main", places: 2 },
      })),
      { sql },
      wait,
    );
  return catalog.slots.handOut(slots, now, enqueue, wait);
}

/** Resolves once the daemon listens. Disposing stops it and waits for its end. */
export async function daemonHere(
  { home, env }: DaemonHome,
  { host = "one", pace = {}, clock = systemClock }: DaemonOptions = {},
): Promise<DaemonHere> {
  const machine: Machine = {
    clock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: { ...process.env, ...env },
    cwd: home.folder,
    version: "0.0.0",
    packageFolder: resolve(import.meta.dirname, "../.."),
    hostName: host,
    uid: process.getuid?.() ?? -1,
  };
  const lines: LogLine[] = [];
  const log = createLog({
    level: "debug",
    clock,
    to: { write: (line: string) => lines.push(JSON.parse(line)) },
    base: { host },
  });
  const telemetry = createTelemetry({ version: "0.0.0", perTenant: "all", clock });
  const stopping = new AbortController();
  const listening = Promise.withResolvers<string>();
  let hangup = (): void => undefined;
  const ended = runDaemon(
    {
      config: await loadConfig(join(home.folder, "holdfast.yaml"), machine.env),
      machine,
      telemetry,
      log,
      pace: { ...fastPace, ...pace },
      onReload: (reload) => {
        hangup = reload;
        return { [Symbol.dispose]: () => undefined };
      },
      onListening: listening.resolve,
    },
    stopping,
  );
  ended.catch(listening.reject);
  const stop = async (): Promise<DaemonEnd> => {
    stopping.abort();
    return ended;
  };
  const matches = (line: LogLine, message: string, facts: Readonly<Record<string, unknown>>): boolean =>
    line.message === message && Object.entries(facts).every(([name, value]) => line[name] === value);
  return {
    lines,
    telemetry,
    address: await listening.promise,
    said: async (message, facts = {}, limitMs = 60_000) =>
      until(
        `the log says ${message} ${JSON.stringify(facts)}`,
        () => lines.find((line) => matches(line, message, facts)),
        limitMs,
      ).catch((error: unknown) => {
        const tail = lines.slice(-15).map((line) => JSON.stringify(line));
        throw new Error(`${String(error)}; it said\n${tail.join("\n")}`);
      }),
    stop,
    reload: () => hangup(),
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
