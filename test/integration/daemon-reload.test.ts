/** A configuration that changes while jobs run cuts none of them short, and counts for the next at once. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { daemonHere, daemonHome, type DaemonHome, handOut } from "../support/daemon-home.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let house: DaemonHome;

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ["acme", "bravo"]) {
    await createDatabase(server, name);
    await psql(server, name, "create table t as select g from generate_series(1, 10) g");
  }
  house = await daemonHome(server, ["acme", "bravo"]);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A lock that a backup waits for, until it is disposed. */
async function lockedTable(database: string): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: urlOf(server, database) });
  await client.connect();
  await client.query("begin; lock table t in access exclusive mode");
  return { [Symbol.asyncDispose]: () => client.end() };
}

it("gives a queue more places beside a backup that waits, which then ends as if nothing had happened", async () => {
  house.home.set({ "daemon.jobs.backup": 1 });
  // However long the other one takes on a machine that has much else to do.
  for (const plan of ["standard", "enterprise"]) house.home.set({ yieldAfter: "10m" }, `plans/${plan}.yaml`);
  await using queue = await openTestQueue(server, { database: house.database, hostName: "test" });
  await using daemon = await daemonHere(house);
  // An earlier job has come and gone, and with it its use of the configuration.
  await handOut(house, queue, ["bravo"]);
  await daemon.said("job ended", { queue: "backup", tenant: "bravo", result: "done" });
  const lock = await lockedTable("acme");
  await handOut(house, queue, ["acme"]);
  await daemon.said("job began", { tenant: "acme" });
  house.home.set({ "daemon.jobs.backup": 2 });
  daemon.reload();
  await daemon.said("workers arranged", { queue: "backup", places: 2 });
  const before = daemon.lines.length;
  await handOut(house, queue, ["bravo"]);
  const ended = (tenant: string): boolean =>
    daemon.lines
      .slice(before)
      .some((line) => line.message === "job ended" && line["tenant"] === tenant && line["result"] === "done");
  await until("bravo is backed up", () => ended("bravo"));
  expect(ended("acme")).toBe(false);
  await lock[Symbol.asyncDispose]();
  await until("acme is backed up", () => ended("acme"));
  expect(daemon.lines.filter(({ message }) => /failed|tried again/.test(message))).toEqual([]);
});

it("takes places away and gives them back as the hours of the day say", async () => {
  let aheadMs = 0;
  const clock: Clock = { now: () => new Date(Date.parse("2026-11-21T07:59:00Z") + aheadMs) };
  const hours = [{ jobs: { replicate: 0 }, hours: { from: "08:00", to: "18:00" }, timeZone: "UTC" }];
  using _ = house.home.set({ "daemon.hours": hours });
  await using daemon = await daemonHere(house, { clock });
  await daemon.said("workers arranged", { queue: "replicate", places: 1 });
  aheadMs = 60_000;
  await daemon.said("workers arranged", { queue: "replicate", places: 0 });
  await daemon.said("workers arranged", { queue: "heal", places: 0 });
  aheadMs += 10 * 3_600_000;
  const back = await until("the place is there again", () =>
    daemon.lines.filter((line) => line.message === "workers arranged" && line["queue"] === "replicate").at(2),
  );
  expect(back["places"]).toBe(1);
});

it("tells no more of a store that was taken away, which nobody asks any longer", async () => {
  const stores = { "stores.old": { driver: "directory", path: "./not-there" } };
  const added = house.home.set(stores);
  await using daemon = await daemonHere(house);
  const told = async (): Promise<boolean> =>
    (await (await fetch(`${daemon.address}/metrics`)).text()).includes('holdfast_store_up{store="old"} 0');
  await until("the store is told to be down", async () => ((await told()) ? true : null));
  added[Symbol.dispose]();
  daemon.reload();
  await daemon.said("configuration loaded");
  expect(await told()).toBe(false);
});
