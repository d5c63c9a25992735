/** One daemon over a real catalog, source and stores: it does what is due by itself, tells what it did, and stops well. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeName, tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { daemonHere, daemonHome, type DaemonHome, handOut } from "../support/daemon-home.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { objectsOf } from "../support/store-objects.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let house: DaemonHome;
const wait = testWait();
const acme = tenantId.parse("acme");
const bravo = tenantId.parse("bravo");
const two = storeName.parse("two");

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ["acme", "bravo"]) {
    await createDatabase(server, name);
    await psql(server, name, "create table t as select g, md5(g::text) from generate_series(1, 1000) g");
  }
  house = await daemonHome(server, ["acme", "bravo"]);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("a daemon", () => {
  it("serves every slot, knows it in index and history, and answers scrapes", async () => {
    await house.catalog.choices.set(acme, { kind: "every", everyMs: 3000 }, wait);
    await using daemon = await daemonHere(house);
    const slots = await until("three slots", () => {
      const handed = daemon.lines.filter(({ message }) => message === "slot handed out");
      return handed.length >= 3 ? handed : null;
    });
    await until("the choice is expected of acme, and of nobody else", async () => {
      const intervals = (await house.catalog.index.health(wait)).map((one) => one.expectedIntervalMs);
      return intervals[0] !== undefined && (intervals[0] ?? 0) < (intervals[1] ?? 0) ? intervals : null;
    });
    await house.catalog.choices.set(acme, null, wait);
    const lastAt = new Date(String(slots.at(-1)?.["at"]));
    // Slots that waited for each other are served by one backup.
    await until("the last of them is served", async () => {
      const backups = await house.catalog.index.backups(acme, wait);
      return backups.some(({ kind, at }) => kind === "custom" && at >= lastAt);
    });
    const run = await until("what served it is known", async () => {
      const all = await house.catalog.history.recent({ tenant: acme, limit: 50 }, wait);
      return all.find(({ verb, endedAt }) => verb === "backup" && endedAt >= lastAt);
    });
    expect(run).toMatchObject({
      verb: "backup",
      kind: "custom",
      host: "one",
      result: "done",
      code: null,
    });
    const scrape = await (await fetch(`${daemon.address}/metrics`)).text();
    expect(scrape).toMatch(/holdfast_backup_runs_total\{kind="custom",result="complete"\} [1-9]/);
    expect(scrape).toMatch(/holdfast_catalog_up 1/);
    expect(scrape).toMatch(/holdfast_retention_stopped_tenants 0\n/);
    expect(scrape).toMatch(/holdfast_tenants_gone 0\n/);
    expect(scrape).toMatch(/holdfast_store_request_failures_total\{store="\w+",code="store\/full"\} 0/);
    expect((await fetch(`${daemon.address}/readyz`)).status).toBe(200);
    expect(await daemon.stop()).toMatchObject({ putBack: 0 });
  });

  it("begins no dump that a source cannot bear, whoever runs the others", async () => {
    await using queue = await openTestQueue(server, { database: house.database, hostName: "test" });
    const place = { kind: "source", source: "main", places: 2 } as const;
    const taken = [
      await house.catalog.claims.tryTake(place, wait),
      await house.catalog.claims.tryTake(place, wait),
    ];
    expect(taken).not.toContain(null);
    await using daemon = await daemonHere(house);
    await handOut(house, queue, ["bravo"]);
    await daemon.said("job put back, somebody else is at it", { tenant: "bravo" });
    expect(daemon.lines.some(({ message }) => message === "job began")).toBe(false);
    for (const one of taken) await one?.[Symbol.asyncDispose]();
    await daemon.said("job ended", { queue: "backup", tenant: "bravo", result: "done" });
  });

  it("proves every copy, finds what a store lost, heals it, and proves it again", async () => {
    // Stores of its own: copies of other tests would be proven first, having waited longer.
    await using fresh = await daemonHome(server, ["bravo"]);
    await using queue = await openTestQueue(server, { database: fresh.database, hostName: "test" });
    fresh.home.set({ "daemon.jobs.verify": 1, "daemon.jobs.scrub": 1 });
    await using daemon = await daemonHere(fresh);
    await handOut(fresh, queue, ["bravo"]);
    await daemon.said("job ended", { queue: "backup", tenant: "bravo", result: "done" });
    await daemon.said("job ended", { queue: "verify", tenant: "bravo", store: "one", verdict: "proven" });
    await daemon.said("job ended", { queue: "verify", tenant: "bravo", store: "two", verdict: "proven" });
    await until("both proofs are known", async () => {
      const [newest] = await fresh.catalog.index.backups(bravo, wait);
      return newest?.copies.every(({ proof }) => proof?.verdict === "proven");
    });
    const [chunk = ""] = objectsOf(fresh.home.store("two"), "bravo", "chunk");
    await rm(join(fresh.home.store("two"), chunk));
    await queue.add([{ job: { queue: "scrub", tenant: bravo, store: two }, source: null }], {}, wait);
    await daemon.said("job ended", { queue: "scrub", tenant: "bravo", store: "two", missing: 1 });
    await daemon.said("job ended", { queue: "heal", tenant: "bravo", store: "two", healed: 1 });
    expect(objectsOf(fresh.home.store("two"), "bravo", "chunk")).toContain(chunk);
    await until("it was proven again", () => {
      const healed = daemon.lines.findIndex(
        ({ queue: of, message }) => of === "heal" && message === "job ended",
      );
      return daemon.lines
        .slice(healed)
        .some(
          (line) => line["queue"] === "verify" && line["store"] === "two" && line["verdict"] === "proven",
        );
    });
  });
});
