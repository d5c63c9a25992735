/** A scrape shows what monitoring relies on, whatever could not be read: silence never looks like health. */
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { sourceName, storeName, tenantId } from "../../src/model/ids.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { never } from "../support/repository-fixture.ts";
import { broken, fresh, healthy, scrapedAt, toldTelemetry } from "../support/told-telemetry.ts";

const dubai = storeName.parse("dubai");

function silent(): { readonly telemetry: Telemetry; readonly clock: ManualClock } {
  const clock = new ManualClock(scrapedAt);
  return { telemetry: createTelemetry({ version: "1.2.3", perTenant: "all", clock }), clock };
}

/** The lines of one metric, without its comments. */
async function lines(telemetry: Telemetry, name: string): Promise<string[]> {
  const text = await telemetry.render(never);
  return text.split("\n").filter((line) => new RegExp(`^${name}[ {]`).test(line));
}

describe("a scrape of one that was told everything", () => {
  it("is the golden one", async () => {
    const text = await toldTelemetry("all").telemetry.render(never);
    await expect(text.replaceAll(process.version, "NODE")).toMatchFileSnapshot("../golden/metrics.txt");
  });

  it("pleases promtool, the metrics of the process included", async () => {
    const telemetry = createTelemetry({
      version: "1.2.3",
      perTenant: "all",
      clock: new ManualClock(scrapedAt),
      process: true,
    });
    const { telemetry: told } = toldTelemetry("all");
    for (const one of [telemetry, told]) {
      const { stdout, stderr } = await execa("promtool", ["check", "metrics"], {
        input: await one.render(never),
      });
      expect(stdout + stderr).toBe("");
    }
  });

  it("is the same as data", async () => {
    const { telemetry } = toldTelemetry("all");
    const text = await telemetry.render(never);
    const families = await telemetry.families(never);
    const samples = families.flatMap((family) => family.samples);
    expect(samples).toHaveLength(text.split("\n").filter((line) => /^[a-z]/.test(line)).length);
    expect(families.map(({ name }) => name)).toEqual(
      Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name),
    );
    expect(samples).toContainEqual({
      name: "holdfast_objective_seconds",
      labels: { tenant: "acme", objective: "recovery_time" },
      value: 14_400,
    });
  });

  it("shares nothing with another one in the same process", async () => {
    const { telemetry } = silent();
    toldTelemetry("all");
    expect(await lines(telemetry, "holdfast_verify_runs_total")).toContain(
      'holdfast_verify_runs_total{verdict="proven"} 0',
    );
  });

  it("names no backup, no run and no host in a label", async () => {
    const text = await toldTelemetry("all").telemetry.render(never);
    expect(text).not.toMatch(/\d{8}T\d{6}Z/);
  });
});

describe("series of tenants", () => {
  const namesIn = async (telemetry: Telemetry): Promise<string[]> =>
    (await lines(telemetry, "holdfast_copies_required")).map(
      (line) => /tenant="(\w+)"/.exec(line)?.[1] ?? "",
    );

  it("are there for all, for those in breach, or for none", async () => {
    expect(await namesIn(toldTelemetry("all").telemetry)).toEqual(["acme", "bravo", "charlie"]);
    expect(await namesIn(toldTelemetry("breaching").telemetry)).toEqual(["bravo", "charlie"]);
    expect(await namesIn(toldTelemetry("none").telemetry)).toEqual([]);
  });

  it.each(["all", "breaching", "none"] as const)(
    "are counted by breach with %s of them",
    async (perTenant) => {
      const counted = await lines(toldTelemetry(perTenant).telemetry, "holdfast_tenants_breaching");
      expect(counted.map((line) => line.slice("holdfast_tenants_breaching".length))).toEqual([
        '{breach="backup-late"} 1',
        '{breach="proof-late"} 1',
        '{breach="scrub-late"} 1',
        '{breach="refuted"} 1',
        '{breach="copies"} 1',
        '{breach="recovery-point"} 1',
        '{breach="never-backed-up"} 1',
      ]);
    },
  );

  it("of ten thousand are written well under a second", async () => {
    const { telemetry } = silent();
    const many = Array.from({ length: 10_000 }, (_, index) => {
      const make = [healthy, broken, fresh][index % 3] ?? healthy;
      return make(`tenant-${String(index)}`);
    });
    telemetry.setFleet(() => Promise.resolve(many));
    const tookMs: number[] = [];
    // The best of three, as other programs run on this machine as well.
    for (const _ of [1, 2, 3]) {
      const startedMs = performance.now();
      const text = await telemetry.render(never);
      tookMs.push(performance.now() - startedMs);
      expect(text.split("\n").length).toBeGreaterThan(90_000);
    }
    expect(Math.min(...tookMs)).toBeLessThan(1000);
  });
});

describe("tenants that are gone, or pruned no more", () => {
  const names = ["holdfast_retention_stopped_tenants", "holdfast_tenants_gone"];
  const shown = async (telemetry: Telemetry): Promise<string[]> =>
    (await Promise.all(names.map((name) => lines(telemetry, name)))).flat();

  it("are as many as the catalog knows of all hosts, whatever this one did", async () => {
    const { telemetry, clock } = silent();
    let counts = { retentionStopped: 1, gone: 2 };
    telemetry.setCounts(() => Promise.resolve(counts));
    expect(await shown(telemetry)).toEqual([`${names[0]} 1`, `${names[1]} 2`]);
    counts = { retentionStopped: 0, gone: 0 };
    telemetry.tell({ kind: "prune-stopped", tenant: tenantId.parse("acme"), reason: "a gap" });
    clock.advance(10_000);
    expect(await shown(telemetry)).toEqual([`${names[0]} 0`, `${names[1]} 0`]);
  });

  it("are not 0 while nobody knows", async () => {
    const { telemetry } = silent();
    telemetry.setCounts(() => Promise.reject(new Failure("catalog/unreachable", "away")));
    expect(await shown(telemetry)).toEqual([]);
  });
});

describe("a catalog that is away", () => {
  const unreachable = new Failure("catalog/unreachable", "the catalog cannot be reached");

  it("fails no scrape, shows as down, and no tenant looks well", async () => {
    const { telemetry } = silent();
    telemetry.setFleet(() => Promise.reject(unreachable));
    telemetry.setQueues(() => Promise.reject(unreachable));
    expect(await lines(telemetry, "holdfast_catalog_up")).toEqual(["holdfast_catalog_up 0"]);
    expect(await lines(telemetry, "holdfast_tenants")).toEqual([]);
    expect(await lines(telemetry, "holdfast_tenants_breaching")).toEqual([]);
    expect(await lines(telemetry, "holdfast_queue_jobs")).toEqual([]);
    expect(await lines(telemetry, "holdfast_build_info")).toHaveLength(1);
  });

  it("leaves tenants as they were last known, with ages that grow", async () => {
    const { telemetry, clock } = silent();
    let isUp = true;
    telemetry.setFleet(() => (isUp ? Promise.resolve([healthy()]) : Promise.reject(unreachable)));
    const age = 'holdfast_recovery_point_age_seconds{tenant="acme"} ';
    expect(await lines(telemetry, "holdfast_recovery_point_age_seconds")).toEqual([`${age}36000`]);
    isUp = false;
    clock.advance(60_000);
    expect(await lines(telemetry, "holdfast_recovery_point_age_seconds")).toEqual([`${age}36060`]);
    expect(await lines(telemetry, "holdfast_catalog_up")).toEqual(["holdfast_catalog_up 0"]);
    expect(await lines(telemetry, "holdfast_fleet_read_timestamp_seconds")).toEqual([
      `holdfast_fleet_read_timestamp_seconds ${String(scrapedAt.getTime() / 1000)}`,
    ]);
  });

  it("that hangs holds up no scrape for longer than the scraper's own wait", async () => {
    const { telemetry } = silent();
    let asked: AbortSignal | undefined;
    telemetry.setFleet(async ({ signal }) => {
      asked = signal;
      return setTimeout(3_600_000, [], { signal });
    });
    const gone = new AbortController();
    const text = telemetry.render({ signal: gone.signal });
    gone.abort(new Failure("wait/cancelled", "the scraper has gone"));
    expect(await text).toContain("holdfast_catalog_up 0");
    expect(asked?.aborted).toBe(true);
  });

  it("is asked once by scrapes at the same time, and again a few seconds later", async () => {
    const { telemetry, clock } = silent();
    let asked = 0;
    telemetry.setFleet(() => {
      asked += 1;
      return Promise.resolve([]);
    });
    await Promise.all([telemetry.render(never), telemetry.render(never)]);
    clock.advance(1000);
    await telemetry.render(never);
    expect(asked).toBe(1);
    clock.advance(10_000);
    await telemetry.render(never);
    expect(asked).toBe(2);
    clock.advance(-3_600_000);
    await telemetry.render(never);
    expect(asked).toBe(3);
  });

  it("is not told of by who reads the stores alone", async () => {
    const { telemetry } = silent();
    telemetry.setFleet(() => Promise.resolve([healthy()]), "stores");
    expect(await lines(telemetry, "holdfast_catalog_up")).toEqual([]);
    expect(await lines(telemetry, "holdfast_tenants")).toEqual(["holdfast_tenants 1"]);
  });
});

describe("a store", () => {
  const up = async (telemetry: Telemetry): Promise<string[]> =>
    (await lines(telemetry, "holdfast_store_up")).map((line) => line.slice(-1));

  it.each([
    ["store/unreachable", "read", "0"],
    ["store/refused", "create", "0"],
    ["store/full", "create", "0"],
    ["store/protocol", "list", "0"],
    ["wait/expired", "read", "0"],
    ["store/absent", "read", "1"],
    ["store/exists", "create", "1"],
    // A lock that keeps what it is to keep.
    ["store/refused", "remove", "1"],
    ["store/refused", "clock", "1"],
    ["wait/cancelled", "read", "1"],
    ["store/corrupt", "read", "1"],
  ] as const)("that says %s to a %s is up: %s", async (outcome, operation, expected) => {
    const { telemetry } = silent();
    telemetry.onStoreRequest({ store: dubai, operation: "stat", ms: 1, bytes: 0, outcome: "done" });
    telemetry.onStoreRequest({ store: dubai, operation, ms: 1, bytes: 0, outcome });
    expect(await up(telemetry)).toEqual([expected]);
  });

  it("is up again with the next request that it serves", async () => {
    const { telemetry } = silent();
    telemetry.onStoreRequest({
      store: dubai,
      operation: "read",
      ms: 1,
      bytes: 0,
      outcome: "store/unreachable",
    });
    telemetry.onStoreRequest({ store: dubai, operation: "read", ms: 1, bytes: 9, outcome: "done" });
    expect(await up(telemetry)).toEqual(["1"]);
  });

  it("that nobody asked has no series", async () => {
    expect(await up(silent().telemetry)).toEqual([]);
  });
});

describe("a store that a reload took away", () => {
  const frankfurt = storeName.parse("frankfurt");
  const down = (telemetry: Telemetry, store: typeof dubai): void => {
    telemetry.onStoreRequest({ store, operation: "read", ms: 1, bytes: 0, outcome: "store/unreachable" });
    telemetry.tell({ kind: "clock-skew", against: { kind: "store", store }, aheadMs: 90_000 });
  };

  it("has no state any more, whatever still runs and asks it", async () => {
    const { telemetry } = silent();
    telemetry.tell({ kind: "stores", inUse: [dubai, frankfurt] });
    down(telemetry, dubai);
    down(telemetry, frankfurt);
    telemetry.tell({ kind: "stores", inUse: [dubai] });
    down(telemetry, frankfurt);
    expect(await lines(telemetry, "holdfast_store_up")).toEqual(['holdfast_store_up{store="dubai"} 0']);
    expect(await lines(telemetry, "holdfast_clock_skew_seconds")).toEqual([
      'holdfast_clock_skew_seconds{store="dubai"} 90',
    ]);
  });

  it("is told of again when a later one brings it back", async () => {
    const { telemetry } = silent();
    for (const inUse of [[dubai], [frankfurt], [dubai]]) telemetry.tell({ kind: "stores", inUse });
    down(telemetry, dubai);
    expect(await lines(telemetry, "holdfast_store_up")).toEqual(['holdfast_store_up{store="dubai"} 0']);
  });
});

describe("what nobody told", () => {
  it.each([
    "holdfast_catalog_up",
    "holdfast_configuration_last_reload_success",
    "holdfast_scheduler_watermark_timestamp_seconds",
    "holdfast_prune_last_success_timestamp_seconds",
    "holdfast_observer_last_pass_timestamp_seconds",
  ])("%s is not 0, which would mean something", async (name) => {
    expect(await lines(silent().telemetry, name)).toEqual([]);
  });

  it("is 0 where it is counted, so that the first one is seen as a growth", async () => {
    expect(await lines(silent().telemetry, "holdfast_backup_runs_total")).toContain(
      'holdfast_backup_runs_total{kind="daily",result="failed"} 0',
    );
  });
});

describe("what is over before anybody scrapes", () => {
  it("counts a watermark that a beat pulled back, though the beat then ended well", async () => {
    const { telemetry } = silent();
    const counted = (): Promise<string[]> =>
      lines(telemetry, "holdfast_scheduler_watermark_pulled_back_total");
    expect(await counted()).toEqual(["holdfast_scheduler_watermark_pulled_back_total 0"]);
    telemetry.tell({ kind: "watermark-ahead", aheadMs: 300_000 });
    telemetry.tell({ kind: "beat", watermark: scrapedAt, slots: 0 });
    expect(await counted()).toEqual(["holdfast_scheduler_watermark_pulled_back_total 1"]);
  });

  it("counts refusals of a store from 0 on, so that the first burst is seen as a growth", async () => {
    const { telemetry } = silent();
    telemetry.tell({ kind: "stores", inUse: [dubai] });
    const refusals = (): Promise<string[]> => lines(telemetry, "holdfast_store_request_failures_total");
    expect(await refusals()).toEqual([
      'holdfast_store_request_failures_total{store="dubai",code="store/full"} 0',
      'holdfast_store_request_failures_total{store="dubai",code="store/refused"} 0',
      'holdfast_store_request_failures_total{store="dubai",code="store/clock"} 0',
    ]);
    telemetry.onStoreRequest({ store: dubai, operation: "create", ms: 1, bytes: 0, outcome: "store/full" });
    expect(await refusals()).toContain(
      'holdfast_store_request_failures_total{store="dubai",code="store/full"} 1',
    );
  });
});

describe("sources of discovery", () => {
  it("show who did not answer, and none that no rule names any more", async () => {
    const { telemetry } = silent();
    const [erp, shop] = [sourceName.parse("erp"), sourceName.parse("shop")];
    const shown = (): Promise<string[]> => lines(telemetry, "holdfast_discovery_source_up");
    telemetry.tell({ kind: "discovered", answered: [erp], silent: [shop] });
    expect(await shown()).toEqual([
      'holdfast_discovery_source_up{source="erp"} 1',
      'holdfast_discovery_source_up{source="shop"} 0',
    ]);
    telemetry.tell({ kind: "discovered", answered: [erp], silent: [] });
    expect(await shown()).toEqual(['holdfast_discovery_source_up{source="erp"} 1']);
  });
});

describe("gauges that go back", () => {
  it("show the refusal of a configuration until one is loaded", async () => {
    const { telemetry } = silent();
    const shown = (): Promise<string[]> => lines(telemetry, "holdfast_configuration_last_reload_success");
    telemetry.tell({ kind: "configuration", result: "refused", detail: "plans/x.yaml: …" });
    expect(await shown()).toEqual(["holdfast_configuration_last_reload_success 0"]);
    telemetry.tell({ kind: "configuration", result: "loaded", detail: "" });
    expect(await shown()).toEqual(["holdfast_configuration_last_reload_success 1"]);
  });

  it("show the snapshot that is open longest, and 0 when none is", async () => {
    const { telemetry, clock } = toldTelemetry("none");
    expect(await lines(telemetry, "holdfast_snapshot_age_seconds")).toEqual([
      'holdfast_snapshot_age_seconds{source="erp"} 900',
    ]);
    clock.advance(60_000);
    expect(await lines(telemetry, "holdfast_snapshot_age_seconds")).toEqual([
      'holdfast_snapshot_age_seconds{source="erp"} 960',
    ]);
    const [source, tenant] = [sourceName.parse("erp"), tenantId.parse("acme")];
    telemetry.tell({ kind: "snapshot", state: "closed", source, tenant });
    expect(await lines(telemetry, "holdfast_snapshot_age_seconds")).toEqual([
      'holdfast_snapshot_age_seconds{source="erp"} 0',
    ]);
  });
});
