/**
 * Bad luck that must lose nothing, met by daemons in this process: the catalog away in the middle of a backup,
 * a store away, clocks apart, databases that come and go, a plan that becomes invalid, an end that comes too soon.
 */
import { rename } from "node:fs/promises";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, systemClock } from "../../src/base/clock.ts";
import type { JobQueue } from "../../src/catalog/queue.ts";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { daemonHere, daemonHome, type DaemonHome, handOut } from "../support/daemon-home.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { postgresAt, type Proxy, startProxy } from "../support/proxy.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { until } from "../support/until.ts";

const acme = tenantId.parse("acme");
const wait = testWait();
let server: PrivateServer;
let line: Proxy;
let house: DaemonHome;
let queue: JobQueue;

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ["acme", "bravo"]) {
    await createDatabase(server, name);
    await psql(server, name, "create table t as select g, md5(g::text) from generate_series(1, 60000) g");
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  line = await startProxy(postgresAt(server));
  house = await daemonHome(server, ["acme", "bravo"], line);
  queue = await openTestQueue(server, { database: house.database, hostName: "test" });
});
afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
  await line[Symbol.asyncDispose]();
});

async function backupsOf(tenant: string): Promise<unknown[]> {
  const { stdout } = await house.home.say(["list", tenant, "--json"]);
  return JSON.parse(stdout);
}

async function sessionsIn(database: string): Promise<number> {
  const asked = `select count(*) from pg_stat_activity where datname = '${database}'`;
  return Number(await psql(server, "postgres", asked, wait));
}

describe("a catalog that goes away in the middle of a backup", () => {
  it("stops neither the backup nor the daemon, and what was due meanwhile is made up for", async () => {
    await using daemon = await daemonHere(house);
    await daemon.said("workers arranged", { queue: "backup" });
    await handOut(house, queue, ["acme"]);
    await daemon.said("job began", { tenant: "acme" });
    // What a job asks of the catalog it asks before it opens the source.
    await until("the source is being read", async () => (await sessionsIn("acme")) > 0);
    await line.cut();
    // In the stores while nobody can write it down.
    await until("the backup counts", async () => (await backupsOf("acme")).length === 1);
    await daemon.said("catalog does not answer, what runs goes on");
    expect((await fetch(`${daemon.address}/readyz`)).status).toBe(503);
    await handOut(house, queue, ["bravo"]);
    await line.mend();
    await daemon.said("catalog answers again");
    await until("both are known", async () => {
      const runs = await house.catalog.history.recent({ limit: 10 }, wait);
      return runs.length === 2 && runs.every(({ result }) => result === "done");
    });
    expect(await backupsOf("acme")).toHaveLength(1);
    expect(await backupsOf("bravo")).toHaveLength(1);
    expect((await fetch(`${daemon.address}/readyz`)).status).toBe(200);
  });

  it("is waited for by a daemon that starts meanwhile", async () => {
    await line.cut();
    await using daemon = await daemonHere(house);
    await daemon.said("catalog does not answer, waiting for it");
    expect((await fetch(`${daemon.address}/readyz`)).status).toBe(503);
    await line.mend();
    await handOut(house, queue, ["acme"]);
    await daemon.said("job ended", { tenant: "acme", result: "done" });
  });
});

describe("a store that goes away", () => {
  it("costs a copy that is completed once it is back", async () => {
    for (const plan of ["standard", "enterprise"])
      house.home.set({ "copies.quorum": 1 }, `plans/${plan}.yaml`);
    await using daemon = await daemonHere(house);
    await rename(house.home.store("two"), `${house.home.store("two")}-away`);
    await handOut(house, queue, ["acme"]);
    await daemon.said("job ended", { queue: "backup", tenant: "acme", result: "degraded" });
    await rename(`${house.home.store("two")}-away`, house.home.store("two"));
    await daemon.said("job ended", { queue: "replicate", tenant: "acme", copied: 1 }, 60_000);
    expect(await backupsOf("acme")).toMatchObject([
      { copies: { one: { state: "present" }, two: { state: "present" } } },
    ]);
  });

  it("costs no copy for ever, though a newer backup is whole before the older one is completed", async () => {
    for (const plan of ["standard", "enterprise"])
      house.home.set({ "copies.quorum": 1 }, `plans/${plan}.yaml`);
    const nobody = house.home.set({ "daemon.jobs.replicate": 0 });
    {
      await using daemon = await daemonHere(house);
      await rename(house.home.store("two"), `${house.home.store("two")}-away`);
      await handOut(house, queue, ["acme"]);
      await daemon.said("job ended", { queue: "backup", tenant: "acme", result: "degraded" });
      await rename(`${house.home.store("two")}-away`, house.home.store("two"));
      await handOut(house, queue, ["acme"]);
      await daemon.said("job ended", { queue: "backup", tenant: "acme", result: "done" });
    }
    expect(await backupsOf("acme")).toMatchObject([
      { copies: { two: { state: "present" } } },
      { copies: { two: { state: "missing" } } },
    ]);
    nobody[Symbol.dispose]();
    await using daemon = await daemonHere(house, { host: "two" });
    await daemon.said("job ended", { queue: "replicate", tenant: "acme", copied: 1 }, 60_000);
    expect(await backupsOf("acme")).toMatchObject([
      { copies: { two: { state: "present" } } },
      { copies: { two: { state: "present" } } },
    ]);
  });
});

describe("a full disk under state/", () => {
  it("keeps copies from being proven here, and nothing else from being done", async () => {
    house.home.set({ "daemon.jobs.verify": 1 });
    const daemon = house.home.start(["daemon"], {
      env: house.env,
      mounts: ["mkdir -p state", "mount -t tmpfs -o size=64k,mode=711 tmpfs state"],
    });
    await handOut(house, queue, ["acme", "bravo"]);
    const runs = await until("both are backed up, and a proof was tried", async () => {
      const all = await house.catalog.history.recent({ limit: 20 }, wait);
      const done = all.filter(({ verb, result }) => verb === "backup" && result === "done");
      return done.length === 2 && all.some(({ verb }) => verb === "verify") ? all : null;
    });
    const tried = runs.find(({ verb }) => verb === "verify");
    expect(tried).toMatchObject({ result: "failed", code: expect.stringMatching(/^(scratch|program)\//) });
    expect(daemon.isAlive()).toBe(true);
    daemon.kill("SIGTERM");
    expect(await daemon.ended).toMatchObject({ exit: 0 });
  });
});

describe("a host whose clock is off", () => {
  it("leaves its work to the one whose clock is right, and says so", async () => {
    const ahead = { now: () => new Date(systemClock.now().getTime() + 600_000) };
    // At a pace of its own: two that look at the same pace may look in the same order for ever.
    await using wrong = await daemonHere(house, { host: "wrong", clock: ahead, pace: { pollMs: 1300 } });
    await wrong.said("workers arranged", { queue: "backup" });
    await handOut(house, queue, ["acme", "bravo"]);
    await queue.add([{ job: { queue: "replicate", tenant: acme }, source: null }], {}, wait);
    for (const work of ["backup", "replicate"])
      await wrong.said("job put back, the clock of this host is off", { queue: work });
    await using right = await daemonHere(house, { host: "right" });
    for (const tenant of ["acme", "bravo"])
      await right.said("job ended", { queue: "backup", tenant, result: "done" });
    await right.said("job ended", { queue: "replicate", tenant: "acme" });
    expect(await backupsOf("acme")).toHaveLength(1);
    expect(await queue.deadLetters(wait)).toEqual([]);
  });

  it("hands out no slot twice", async () => {
    const behind = new ManualClock(new Date(Date.now() - 600_000));
    await house.catalog.choices.set(acme, { kind: "every", everyMs: 2000 }, wait);
    await using wrong = await daemonHere(house, { host: "wrong", clock: behind });
    await using right = await daemonHere(house, { host: "right" });
    const slots = await until("four slots", () => {
      const handed = [...wrong.lines, ...right.lines].filter(({ message }) => message === "slot handed out");
      return handed.length >= 4 ? handed : null;
    });
    expect(new Set(slots.map(({ slot }) => slot)).size).toBe(slots.length);
  });
});

describe("tenants by discovery", () => {
  it("come, go and are renamed while the daemon runs", async () => {
    house.home.set({ discover: [{ source: "main", databases: "found_*", plan: "standard" }] });
    await createDatabase(server, "found_one");
    await using daemon = await daemonHere(house);
    await daemon.said("tenant came", { tenant: "found-one" });
    await handOut(house, queue, ["found-one"]);
    await daemon.said("job ended", { queue: "backup", tenant: "found-one", result: "done" });
    await psql(server, "postgres", "alter database found_one rename to found_two");
    await daemon.said("tenant came", { tenant: "found-two" });
    await daemon.said("tenant went", { tenant: "found-one" });
    await handOut(house, queue, ["found-one", "found-two"]);
    await daemon.said("job dropped, the tenant is gone", { tenant: "found-one" });
    await daemon.said("job ended", { queue: "backup", tenant: "found-two", result: "done" });
    await psql(server, "postgres", "drop database found_two");
    await daemon.said("tenant went", { tenant: "found-two" });
    await until("nobody is alarmed about them", async () => (await queue.deadLetters(wait)).length === 0);
    expect(await backupsOf("found-two")).toHaveLength(1);
  });

  it("are not taken for gone while their source is away", async () => {
    house.home.set({ discover: [{ source: "main", databases: "late_*", plan: "standard" }] });
    await createDatabase(server, "late_one");
    await handOut(house, queue, ["late-one"]);
    const away = house.home.set({ "sources.main.url": "postgres://nobody@127.0.0.1:1/none" });
    await using daemon = await daemonHere(house);
    await daemon.said("job put back, not every source could be asked yet whose tenant it is");
    away[Symbol.dispose]();
    daemon.reload();
    await daemon.said("tenant came", { tenant: "late-one" });
    await daemon.said("job ended", { queue: "backup", tenant: "late-one", result: "done" });
    expect(await backupsOf("late-one")).toHaveLength(1);
    await psql(server, "postgres", "drop database late_one");
  });
});

describe("a configuration that is changed", () => {
  it("stays as it was when it is invalid, which is told, and comes into force once it is right", async () => {
    await using daemon = await daemonHere(house);
    await daemon.said("workers arranged", { queue: "backup" });
    const file = join(house.home.folder, "plans", "standard.yaml");
    const good = readFileSync(file, "utf8");
    writeFileSync(file, good.replace("copies:", "copees:"));
    const refused = await daemon.said("configuration refused, the one before stays in force");
    expect(refused["reason"]).toContain("copees");
    expect(await daemon.telemetry.render(wait)).toMatch(/holdfast_configuration_last_reload_success\S* 0/);
    await handOut(house, queue, ["acme"]);
    await daemon.said("job ended", { tenant: "acme", result: "done" });
    writeFileSync(file, good.replace(/pruneShareMax: [0-9.]+/, "pruneShareMax: 0.07"));
    const loaded = await daemon.said("configuration loaded");
    expect(loaded["changes"]).toEqual(["plans.standard.retention.pruneShareMax"]);
    expect(await daemon.telemetry.render(wait)).toMatch(/holdfast_configuration_last_reload_success\S* 1/);
    await handOut(house, queue, ["bravo"]);
    await daemon.said("job ended", { tenant: "bravo", result: "done" });
  });

  it("is looked at at once when told to, and gives and takes places", async () => {
    await using daemon = await daemonHere(house, { pace: { watchMs: 600_000 } });
    await daemon.said("workers arranged", { queue: "backup", places: 2 });
    house.home.set({ "daemon.jobs.backup": 0 });
    daemon.reload();
    await daemon.said("workers arranged", { queue: "backup", places: 0 });
    expect(daemon.lines.find(({ message }) => message === "configuration loaded")?.["changes"]).toEqual([
      "daemon.jobs.backup",
    ]);
  });
});

describe("a daemon that is told to stop", () => {
  it("lets what runs end, and takes nothing more", async () => {
    const daemon = await daemonHere(house);
    await daemon.said("workers arranged", { queue: "backup" });
    await handOut(house, queue, ["acme"]);
    await daemon.said("job began", { tenant: "acme" });
    expect(await daemon.stop()).toEqual({ jobs: 1, putBack: 0 });
    expect(await backupsOf("acme")).toHaveLength(1);
  });

  it("puts back what does not end in time, for the next one to do", async () => {
    house.home.set({ "daemon.shutdownTimeout": "1s" });
    const daemon = await daemonHere(house);
    await daemon.said("workers arranged", { queue: "backup" });
    // Whoever holds the table holds up the backup.
    const address = addressOf(urlOf(server, "acme"));
    const holding = await connect(address, "source", { ownSearchPath: true }, wait);
    await holding.query("begin; lock table t in access exclusive mode");
    await handOut(house, queue, ["acme"]);
    await daemon.said("job began", { tenant: "acme" });
    expect(await daemon.stop()).toEqual({ jobs: 0, putBack: 1 });
    expect(await backupsOf("acme")).toEqual([]);
    await holding[Symbol.asyncDispose]();
    await using next = await daemonHere(house, { host: "two" });
    await next.said("job ended", { queue: "backup", tenant: "acme", result: "done" });
  });
});
