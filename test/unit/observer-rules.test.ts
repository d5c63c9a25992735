/** The observer's smaller rules: when windows close, what is remembered, and by which terms tenants are held. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { systemChance } from "../../src/base/chance.ts";
import { ManualClock, systemClock } from "../../src/base/clock.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { observerOrder } from "../../src/desk/observer-order.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ruleThatMayMake } from "../../src/config/match-discovered.ts";
import { createTrustRing } from "../../src/keys/signing.ts";
import { objectKey, type StoreName, storeName, tenantId } from "../../src/model/ids.ts";
import { plan } from "../../src/model/plan.ts";
import { zoneOf } from "../../src/model/schedule/zone.ts";
import { judgeStores, newestIn } from "../../src/observer/judge-stores.ts";
import { newMemory } from "../../src/observer/memory.ts";
import { observePass } from "../../src/observer/observe-pass.ts";
import { observe } from "../../src/observer/observe.ts";
import { DocumentMemory, remembering } from "../../src/observer/remembering.ts";
import { closedWindows } from "../../src/observer/windows.ts";
import type { HoldfastEvent } from "../../src/telemetry/event.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { configFolder, designYaml } from "../support/config-folder.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { dailyPlan, observedTenant } from "../support/observed.ts";
import { buildHouse, described, never, noon } from "../support/repository-fixture.ts";

describe("windows", () => {
  const nightly = plan.parse({
    ...dailyPlan,
    schedules: {
      daily: { from: "02:30", spread: "30m" },
      weekly: { on: "sunday", from: "02:30", spread: "30m" },
    },
    verification: { everyCopyWithin: "2d", indexes: "never" },
    objectives: { recoveryPoint: "2d", recoveryTime: "4h" },
    maxSnapshotAge: "1h",
    yieldAfter: "10s",
  });
  const opened = (timeZone: string, now: string): readonly (readonly [string, string])[] =>
    closedWindows({ plan: nightly, timeZone, choice: null }, new Date(now)).map(
      ({ kind, openedAt }) => [kind, openedAt.toISOString()] as const,
    );

  it.each([
    // Skipped on 2026-03-29 in Berlin: it opens right after the gap, at 03:00 of summer time, when its last start is due too.
    ["Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00.000Z", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-28T01:30:00.000Z", "2026-03-22T01:30:00.000Z"],
    // Comes twice on 2026-10-25: the first time counts.
    // Its half hour ends at 03:00, which the clocks show an hour later than the first time they near it.
    ["Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T00:30:00.000Z", "2026-10-25T00:30:00.000Z"],
    ["Europe/Berlin", "2026-10-25T02:59:59Z", "2026-10-24T00:30:00.000Z", "2026-10-18T00:30:00.000Z"],
    ["Asia/Dubai", "2026-11-21T00:00:00Z", "2026-11-20T22:30:00.000Z", "2026-11-14T22:30:00.000Z"],
    ["Asia/Dubai", "2026-11-20T23:59:59Z", "2026-11-19T22:30:00.000Z", "2026-11-14T22:30:00.000Z"],
  ])("of %s at %s have closed", (timeZone, now, daily, weekly) => {
    expect(opened(timeZone, now)).toEqual([
      ["daily", daily],
      ["weekly", weekly],
    ]);
  });

  // The two share no code, so that neither hides the other's mistake.
  it.each([
    ["Europe/Berlin", "2026-03-27T12:00:00Z"],
    ["Europe/Berlin", "2026-10-23T12:00:00Z"],
    ["Europe/London", "2026-03-27T12:00:00Z"],
    ["America/Sao_Paulo", "2018-11-02T12:00:00Z"],
    ["America/Santiago", "2026-09-04T12:00:00Z"],
    ["Australia/Lord_Howe", "2026-10-02T12:00:00Z"],
    ["Africa/Cairo", "2026-04-22T12:00:00Z"],
    ["Asia/Beirut", "2026-03-27T12:00:00Z"],
    ["Pacific/Apia", "2011-12-28T12:00:00Z"],
  ])("of %s after %s open when the scheduler starts", (timeZone, after) => {
    const zone = zoneOf(timeZone);
    const [dayMs, spreadMs, quarterMs] = [86_400_000, 9_000_000, 900_000];
    for (let timeMs = 0; timeMs < dayMs; timeMs += quarterMs) {
      const daily = { from: new Date(timeMs).toISOString().slice(11, 16), spread: spreadMs };
      const schedules = { ...nightly.schedules, daily, weekly: null };
      const schedule = { plan: { ...nightly, schedules, maxSnapshotAge: 0 }, timeZone, choice: null };
      for (let atMs = Date.parse(after); atMs < Date.parse(after) + 4 * dayMs; atMs += 11 * quarterMs) {
        const opened = closedWindows(schedule, new Date(atMs)).map(({ openedAt }) => openedAt.toISOString());
        const today = Math.floor(zone.local(atMs) / dayMs) * dayMs + timeMs;
        const due = [0, 1, 2, 3]
          .map((days) => today - days * dayMs)
          .find((ms) => zone.firstShown(ms + spreadMs) <= atMs);
        expect(opened).toEqual([new Date(zone.firstShown(due ?? NaN)).toISOString()]);
      }
    }
  });
});

describe("what a store received last", () => {
  const [dubai, frankfurt] = [storeName.parse("dubai"), storeName.parse("frankfurt")];
  const ago = (hours: number): Date => new Date(noon.getTime() - hours * 3_600_000);
  const received = [
    new Map([[dubai, ago(30)]]),
    new Map([[dubai, ago(3)]]),
    new Map<StoreName, Date | null>([
      [dubai, null],
      [frankfurt, ago(1.1)],
    ]),
    new Map([[dubai, ago(20)]]),
  ];

  it("is the newest of all tenants, in whatever order they come", () => {
    expect(newestIn(dubai, received)).toEqual(ago(3));
    expect(newestIn(dubai, received.toReversed())).toEqual(ago(3));
    expect(newestIn(storeName.parse("sydney"), received)).toBeNull();
  });

  it("is told where other stores received more since", () => {
    const up = [dubai, frankfurt].map((store) => ({
      store,
      failure: null,
      storeId: null,
      aheadMs: null,
      tenants: [],
      observations: [],
    }));
    const evidence = { received, boundIds: new Map(), knownIds: new Map(), now: noon };
    const detail = "other stores received records of 1 tenant since; its last is 3 h old";
    expect(judgeStores(up, evidence)).toEqual([
      { kind: "store-stalled", tenant: null, store: dubai, count: 1, detail },
    ]);
  });
});

describe("documents", () => {
  const key = objectKey.parse("tenants/acme/proofs/x.jws");

  async function readTwice(memory: DocumentMemory, between: () => void): Promise<number> {
    const store = memoryStore("dubai", new ManualClock(noon));
    store.overwrite(key, Buffer.from("a document"));
    const watched = faulty(store);
    for (const step of [between, () => undefined]) {
      const reader = remembering(watched, memory);
      await Array.fromAsync(reader.list("tenants/", never));
      await reader.read(key, {}, never);
      step();
    }
    return watched.calls.filter(({ operation }) => operation === "read").length;
  }

  it("are read once, and again after a day", async () => {
    const clock = new ManualClock(noon);
    expect(await readTwice(new DocumentMemory(100, clock), () => undefined)).toBe(1);
    expect(await readTwice(new DocumentMemory(100, clock), () => clock.advance(86_400_000))).toBe(2);
  });

  it("that are doubted are read again, and remembered as they come then", async () => {
    const memory = new DocumentMemory(100, new ManualClock(noon));
    const store = memoryStore("dubai", new ManualClock(noon));
    store.overwrite(key, Buffer.from("a document"));
    const watched = faulty(store);
    watched.next("read").flipsBit(3);
    const reader = remembering(watched, memory);
    await Array.fromAsync(reader.list("tenants/", never));
    expect((await reader.read(key, {}, never)).toString()).not.toBe("a document");
    expect((await reader.read(key, { again: true }, never)).toString()).toBe("a document");
    expect((await reader.read(key, {}, never)).toString()).toBe("a document");
    expect(watched.calls.filter(({ operation }) => operation === "read")).toHaveLength(2);
  });

  it("that would be more than may be kept are read each time, until old ones are forgotten", async () => {
    const clock = new ManualClock(noon);
    const memory = new DocumentMemory(15, clock);
    memory.keep("another", "stamp", Buffer.from("ten bytes."));
    expect(await readTwice(memory, () => undefined)).toBe(2);
    clock.advance(86_400_000);
    memory.tidy();
    expect(await readTwice(memory, () => undefined)).toBe(1);
  });
});

const machine: Machine = {
  clock: systemClock,
  chance: systemChance,
  monotonicMs: () => 0,
  env: {},
  cwd: "/",
  version: "0",
  packageFolder: "/",
  hostName: "test-host",
  uid: 0,
};

describe("an order", () => {
  const lone = storeName.parse("frankfurt");
  const zulu = tenantId.parse("zulu");

  async function orderOf(yaml: string): ReturnType<typeof observerOrder> {
    await using home = await configFolder(yaml);
    const config = await loadConfig(home.path, {}, { observer: true });
    const names = [...config.stores.keys()];
    return observerOrder({
      config,
      stores: new Map(names.map((name) => [name, memoryStore(name)])),
      trust: async () => createTrustRing([]),
      machine,
    });
  }

  it("holds readers alone, and never asks a folder for its time", async () => {
    const { stores } = await orderOf(designYaml);
    expect(stores.map(({ reader, tellsTime }) => [reader.name, tellsTime])).toEqual([
      ["dubai", false],
      ["frankfurt", true],
    ]);
    for (const { reader } of stores)
      expect(Object.keys(reader).toSorted()).toEqual(["clock", "list", "name", "read", "stat", "versions"]);
  });

  it("holds a stranger to the plan of the only rule of discovery, and to nothing where there is none", async () => {
    const one = (await orderOf(designYaml)).stranger(zulu, [lone]);
    expect(one.terms).toMatchObject({ expectedIntervalMs: 86_400_000, copiesRequired: 2 });
    expect(one.schedule).not.toBeNull();
    const none = (await orderOf(designYaml.replace(/discover:[^]*/, ""))).stranger(zulu, [lone]);
    expect(none).toMatchObject({ schedule: null, terms: { stores: [lone], copiesRequired: 0 } });
  });
});

describe("deploy/compose/observer.yaml", () => {
  it("finds what a daemon that died long ago left in the stores", async () => {
    const root = resolve(import.meta.dirname, "../..");
    const shipped = await readFile(resolve(root, "deploy/compose/observer.yaml"), "utf8");
    await using home = await configFolder(shipped.replace("/opt/holdfast/plans", "./plans"));
    const config = await loadConfig(home.path, {}, { observer: true });
    await using house = await buildHouse("tenant-a");
    const stores = await described(
      house,
      ...config.stores.keys().map((name) => memoryStore(name, house.clock)),
    );
    await house.backUp(stores, { schema: "create table t ()" }, { order: { kind: "daily" } });
    const order = await observerOrder({
      config,
      stores: new Map(stores.map((store) => [store.name, store])),
      trust: async () => house.trust,
      machine: { ...machine, clock: house.clock },
    });
    const finds = async (): Promise<ReadonlySet<string>> =>
      new Set((await observePass(order, newMemory(house.clock), never)).observations.map(({ kind }) => kind));
    expect(await finds()).toEqual(new Set());
    house.clock.advance(30 * 86_400_000);
    expect(await finds()).toEqual(new Set(["backup-late", "proof-late", "recovery-point", "missed-window"]));
  });
});

describe("several rules of discovery", () => {
  const rulesOf = async (...lines: string[]): ReturnType<typeof ruled> =>
    ruled(designYaml.replace(/discover:[^]*/, `discover:\n${lines.map((line) => `  - ${line}\n`).join("")}`));

  async function ruled(yaml: string): Promise<(id: string) => string | null> {
    await using home = await configFolder(yaml);
    const { discover } = await loadConfig(home.path, {}, { observer: true });
    return (id) => ruleThatMayMake(tenantId.parse(id), discover)?.planName ?? null;
  }

  it("hold a stranger to the first that fits its id, and to none where none fits", async () => {
    const planOf = await rulesOf(
      `{ source: erp, databases: "Shop_*", plan: business }`,
      `{ source: erp, databases: "s*", plan: standard }`,
    );
    expect(["shop-a", "s-a", "zulu"].map(planOf)).toEqual(["business", "standard", null]);
  });

  it("hold it to none where those of two sources fit and name two plans", async () => {
    const planOf = await rulesOf(
      `{ source: erp, databases: "shop_*", plan: business }`,
      `{ source: crm, databases: "*", plan: standard }`,
    );
    expect(["shop-a", "zulu"].map(planOf)).toEqual([null, "standard"]);
  });
});

describe("watching on", () => {
  it("goes on after a pass that failed, tells what it saw, and says what is new once", async () => {
    const clock = new ManualClock(noon);
    const store = faulty(memoryStore("dubai", clock));
    const acme = tenantId.parse("acme");
    const ended = new AbortController();
    const lines: string[] = [];
    const events: HoldfastEvent[] = [];
    let passes = 0;
    let chances = 0;
    const order = {
      stores: [{ reader: store, tellsTime: true }],
      tenants: new Map([[acme, observedTenant(acme, [store.name])]]),
      stranger: observedTenant,
      trust: await createTrustRing([]),
      clock,
      chance: (bytes: number) => {
        chances += 1;
        // The first look at the tenant fails for a reason that is no store's.
        if (chances === 1) throw new TypeError("no chance");
        return systemChance(bytes);
      },
    };
    await observe(
      order,
      {
        everyMs: 1,
        monotonicMs: () => clock.now().getTime(),
        tell: (event) => events.push(event),
        log: createLog({ level: "info", clock, to: { write: (line) => lines.push(line) }, base: {} }),
        onSight: () => {
          passes += 1;
          if (passes === 3) ended.abort();
        },
      },
      { signal: ended.signal },
    );
    const said = lines.map((line) =>
      z.object({ message: z.string(), kind: z.string().optional() }).parse(JSON.parse(line)),
    );
    expect(said.map(({ message, kind }) => kind ?? message)).toEqual([
      "the pass failed",
      "store-unmarked",
      "never-backed-up",
      "missed-window",
    ]);
    expect(events.filter(({ kind }) => kind === "observed")).toHaveLength(3);
    expect(events.find(({ kind }) => kind === "clock-skew")).toMatchObject({ aheadMs: 0 });
  });
});
