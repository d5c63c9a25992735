/** One daemon over a real catalog, source and stores: it does what is due by itself, tells what it did, and stops well. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { daemonHere, daemonHome, type DaemonHome } from "../support/daemon-home.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let house: DaemonHome;
const wait = testWait();
const acme = tenantId.parse("acme");

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
  it("backs up every slot once, knows it in index and history, and answers scrapes", async () => {
    await house.catalog.choices.set(acme, { kind: "every", everyMs: 3000 }, wait);
    await using daemon = await daemonHere(house);
    const slots = await until("three slots", () => {
      const handed = daemon.lines.filter(({ message }) => message === "slot handed out");
      return handed.length >= 3 ? handed : null;
    });
    await house.catalog.choices.set(acme, null, wait);
    for (const _ of slots) await daemon.said("job ended", { queue: "backup", tenant: "acme" });
    const runs = await until("three runs", async () => {
      const all = await house.catalog.history.recent({ tenant: acme, limit: 10 }, wait);
      return all.length >= slots.length ? all : null;
    });
    expect(runs[0]).toMatchObject({
      verb: "backup",
      kind: "custom",
      host: "one",
      result: "done",
      code: null,
    });
    const backups = await house.catalog.index.backups(acme, wait);
    expect(backups.length).toBeGreaterThanOrEqual(slots.length);
    const scrape = await (await fetch(`${daemon.address}/metrics`)).text();
    expect(scrape).toMatch(/holdfast_backup_runs_total\{kind="custom",result="complete"\} [3-9]/);
    expect(scrape).toMatch(/holdfast_catalog_up 1/);
    expect((await fetch(`${daemon.address}/readyz`)).status).toBe(200);
    expect(await daemon.stop()).toMatchObject({ putBack: 0 });
  });
});
