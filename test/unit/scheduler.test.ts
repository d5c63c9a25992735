/** Each beat hands out what became due, once, whatever clock, plans, choices and daemons do between two beats. */
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import type { EnqueueSlots, Slots } from "../../src/catalog/catalog.ts";
import { createScheduler, type ScheduledTenant, type Scheduler } from "../../src/daemon/scheduler.ts";
import { tenantId, type TenantId } from "../../src/model/ids.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Slot, TenantChoice } from "../../src/model/schedule.ts";
import { dueSlots, newestPerKind } from "../../src/model/schedule/due.ts";
import type { HoldfastEvent } from "../../src/telemetry/event.ts";
import { memorySlots } from "../support/memory-slots.ts";
import { acme, freely, planOf } from "../support/schedules.ts";

const wait = { signal: new AbortController().signal };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const nightly = planOf({
  daily: { from: "01:00", spread: "1s" },
  weekly: { from: "05:00", spread: "1s", on: "sunday" },
  tenantChoice: freely,
});

interface World {
  readonly clock: ManualClock;
  readonly slots: Slots;
  readonly choices: Map<TenantId, TenantChoice>;
  readonly told: HoldfastEvent[];
  /** Keys as they reached the queue. */
  readonly queued: string[];
  /** A daemon that starts now. */
  daemon(enqueue?: EnqueueSlots): Scheduler;
}

function worldAt(at: string): World {
  const clock = new ManualClock(new Date(at));
  const slots = memorySlots();
  const choices = new Map<TenantId, TenantChoice>();
  const told: HoldfastEvent[] = [];
  const queued: string[] = [];
  const catalog = {
    now: async () => clock.now(),
    slots,
    choices: {
      all: async () => choices,
      of: async (tenant: TenantId) => choices.get(tenant) ?? null,
      set: () => Promise.reject(new Error("the scheduler sets no choice")),
    },
  };
  const toQueue: EnqueueSlots = async (given) => void queued.push(...given.map(({ key }) => key));
  return {
    clock,
    slots,
    choices,
    told,
    queued,
    daemon: (enqueue = toQueue) =>
      createScheduler({ catalog, enqueue, tell: (event) => void told.push(event) }),
  };
}

function tenantOf(plan: Plan, timeZone = "UTC", id = acme): ScheduledTenant {
  return { id, plan, timeZone };
}

/** Beats every `everyMs` until `upTo`; resolves with what was handed out. */
async function run(
  world: World,
  daemon: Scheduler,
  tenants: readonly ScheduledTenant[],
  upTo: string,
  everyMs = 900_000,
): Promise<readonly Slot[]> {
  const handed: Slot[] = [];
  while (world.clock.now() < new Date(upTo)) {
    world.clock.advance(everyMs);
    handed.push(...(await daemon.beat(tenants, wait)));
  }
  return handed;
}

function keysOf(slots: readonly Slot[]): readonly string[] {
  return slots.map(({ key }) => key);
}

let world: World;
beforeEach(() => {
  // A Monday.
  world = worldAt("2026-06-01T12:00:00Z");
});

describe("the first start", () => {
  it("finds nothing of the past due, and everything from then on", async () => {
    const daemon = world.daemon();
    expect(await daemon.beat([tenantOf(nightly)], wait)).toEqual([]);
    expect(await world.slots.watermark(wait)).toEqual(world.clock.now());
    expect(keysOf(await run(world, daemon, [tenantOf(nightly)], "2026-06-08T12:00:00Z"))).toEqual([
      "acme/daily/2026-06-02",
      "acme/daily/2026-06-03",
      "acme/daily/2026-06-04",
      "acme/daily/2026-06-05",
      "acme/daily/2026-06-06",
      "acme/daily/2026-06-07",
      "acme/weekly/2026-06-07",
      "acme/daily/2026-06-08",
    ]);
  });
});

describe("a daemon that was down", () => {
  it("for three days catches up one backup of each kind, at once", async () => {
    world.choices.set(acme, { kind: "every", everyMs: hourMs });
    await world.daemon().beat([tenantOf(nightly)], wait);
    await run(world, world.daemon(), [tenantOf(nightly)], "2026-06-05T12:00:00Z");
    world.clock.advance(3 * dayMs);
    const caughtUp = await world.daemon().beat([tenantOf(nightly)], wait);
    expect(caughtUp.map(({ kind }) => kind).toSorted()).toEqual(["custom", "daily", "weekly"]);
    expect(keysOf(caughtUp)).toEqual(
      expect.arrayContaining(["acme/daily/2026-06-08", "acme/weekly/2026-06-07"]),
    );
    const custom = caughtUp.find(({ kind }) => kind === "custom");
    expect(world.clock.now().getTime() - Date.parse(custom?.at ?? "")).toBeLessThan(hourMs);
    expect(await world.daemon().beat([tenantOf(nightly)], wait)).toEqual([]);
  });

  it("for three years does so as well, without counting the hours between", async () => {
    world.choices.set(acme, { kind: "every", everyMs: 900_000 });
    const many = Array.from({ length: 300 }, (_, index) =>
      tenantOf(nightly, "Europe/Berlin", tenantId.parse(`tenant-${String(index)}`)),
    );
    for (const { id } of many) world.choices.set(id, { kind: "every", everyMs: 900_000 });
    await world.daemon().beat(many, wait);
    world.clock.advance(3 * 365 * dayMs);
    expect(await world.daemon().beat(many, wait)).toHaveLength(900);
  });

  it("leaves behind nothing that comes later by another daemon", async () => {
    await world.daemon().beat([tenantOf(nightly)], wait);
    world.clock.advance(2 * dayMs);
    const [one, other] = [world.daemon(), world.daemon()];
    const rounds = await Promise.all([one, other].map((daemon) => daemon.beat([tenantOf(nightly)], wait)));
    expect(keysOf(rounds.flat())).toEqual(["acme/daily/2026-06-03"]);
  });
});

describe("the catalog's clock", () => {
  it("set back an hour is told once, pulls the watermark back and runs nothing twice", async () => {
    world.choices.set(acme, { kind: "every", everyMs: 900_000 });
    const daemon = world.daemon();
    await daemon.beat([tenantOf(nightly)], wait);
    const before = await run(world, daemon, [tenantOf(nightly)], "2026-06-02T01:15:00Z", 60_000);
    world.clock.advance(-hourMs);
    const setBack = world.clock.now();
    expect(await daemon.beat([tenantOf(nightly)], wait)).toEqual([]);
    expect(await world.slots.watermark(wait)).toEqual(setBack);
    expect(world.told).toEqual([{ kind: "watermark-ahead", aheadMs: hourMs }]);
    const after = await run(world, daemon, [tenantOf(nightly)], "2026-06-03T12:00:00Z", 60_000);
    expect(world.told).toHaveLength(1);
    const whole = dueSlots(
      acme,
      { plan: nightly, timeZone: "UTC", choice: { kind: "every", everyMs: 900_000 } },
      { after: new Date("2026-06-01T12:00:00Z"), upTo: world.clock.now() },
    );
    expect(keysOf([...before, ...after])).toEqual(keysOf(whole));
  });

  it.each([2, 6, 400])(
    "ahead by %d days for a while leaves out nothing of the days that come",
    async (days) => {
      world.choices.set(acme, { kind: "at", times: ["06:00", "18:00"] });
      const tenants = [tenantOf(nightly)];
      const daemon = world.daemon();
      const before = await run(world, daemon, tenants, "2026-06-03T12:00:00Z");
      world.clock.advance(days * dayMs);
      const early = await daemon.beat(tenants, wait);
      expect(early.map(({ kind }) => kind)).toContain("daily");
      world.clock.advance(7 * hourMs - days * dayMs);
      const after = await run(world, daemon, tenants, "2026-06-15T12:00:00Z");
      const whole = dueSlots(
        acme,
        { plan: nightly, timeZone: "UTC", choice: { kind: "at", times: ["06:00", "18:00"] } },
        { after: new Date("2026-06-01T12:00:00Z"), upTo: world.clock.now() },
      );
      // That of 18:00 on the third came due while the clock was wrong.
      expect(keysOf([...before, ...after])).toEqual(keysOf(whole));
      // A daemon that starts now knows of them, and finds nothing more.
      expect(await world.daemon().beat(tenants, wait)).toEqual([]);
    },
  );

  it("set back by hours does nothing twice of the past and the hour to come, and all that comes then", async () => {
    const choice: TenantChoice = { kind: "every", everyMs: 900_000 };
    world.choices.set(acme, choice);
    const tenants = [tenantOf(nightly)];
    const daemon = world.daemon();
    await daemon.beat(tenants, wait);
    await run(world, daemon, tenants, "2026-06-02T06:00:00Z");
    world.clock.advance(-3 * hourMs);
    expect(await daemon.beat(tenants, wait)).toEqual([]);
    const handed = await run(world, daemon, tenants, "2026-06-02T06:00:00Z");
    const span = { after: new Date("2026-06-02T04:00:00Z"), upTo: world.clock.now() };
    const again = dueSlots(acme, { plan: nightly, timeZone: "UTC", choice }, span);
    expect(again.length).toBeGreaterThan(6);
    expect(keysOf(handed)).toEqual(keysOf(again));
  });

  it("ahead of the watermark is not told again when the beat fails", async () => {
    await world.daemon().beat([], wait);
    world.clock.advance(-hourMs);
    const failing = worldOf(world, { ...world.slots, handOut: () => Promise.reject(new Error("down")) });
    await expect(failing.beat([tenantOf(nightly)], wait)).rejects.toThrow("down");
    expect(world.told).toEqual([]);
    await world.daemon().beat([tenantOf(nightly)], wait);
    expect(world.told).toHaveLength(1);
  });

  it("is asked after the watermark is read, so that another daemon's beat between the two is no alarm", async () => {
    await world.daemon().beat([], wait);
    const slots: Slots = {
      ...world.slots,
      watermark: async () => {
        const read = await world.slots.watermark(wait);
        world.clock.advance(1000);
        await world.daemon().beat([], wait);
        return read;
      },
    };
    await worldOf(world, slots).beat([], wait);
    expect(world.told).toEqual([]);
  });
});

function worldOf(world: World, slots: Slots): Scheduler {
  return createScheduler({
    catalog: {
      now: async () => world.clock.now(),
      slots,
      choices: { all: async () => world.choices, of: async () => null, set: async () => undefined },
    },
    enqueue: async () => undefined,
    tell: (event) => void world.told.push(event),
  });
}

describe("a queue that takes nothing", () => {
  it("leaves the slots due for the next beat", async () => {
    await world.daemon().beat([tenantOf(nightly)], wait);
    world.clock.advance(dayMs);
    const broken = world.daemon(() => Promise.reject(new Error("the queue is down")));
    await expect(broken.beat([tenantOf(nightly)], wait)).rejects.toThrow("the queue is down");
    expect(keysOf(await world.daemon().beat([tenantOf(nightly)], wait))).toEqual(["acme/daily/2026-06-02"]);
  });
});

describe("a plan that changes between slots", () => {
  const early = planOf({ daily: { from: "01:00", spread: "1s" } });
  const late = planOf({ daily: { from: "22:00", spread: "1s" } });

  it.each([
    ["to a later window on the same day, after its slot ran", early, late, "2026-06-03T12:00:00Z"],
    ["to a later window, before its slot", early, late, "2026-06-03T00:30:00Z"],
    ["to an earlier window, after that time and before the old one", late, early, "2026-06-03T12:00:00Z"],
    ["to an earlier window, after the slot ran", late, early, "2026-06-03T23:30:00Z"],
    ["to an earlier window, before both", late, early, "2026-06-03T00:30:00Z"],
  ])("%s, neither runs a day twice nor skips one", async (_, before, after, changed) => {
    for (const restarts of [false, true]) {
      const world = worldAt("2026-05-31T12:00:00Z");
      const daemon = world.daemon();
      await daemon.beat([tenantOf(before)], wait);
      const handed = [
        ...(await run(world, daemon, [tenantOf(before)], changed)),
        ...(await run(world, restarts ? world.daemon() : daemon, [tenantOf(after)], "2026-06-05T23:00:00Z")),
      ];
      const days = keysOf(handed).filter((key) => key >= "acme/daily/2026-06-01");
      expect(days.toSorted()).toEqual([1, 2, 3, 4, 5].map((day) => `acme/daily/2026-06-0${String(day)}`));
    }
  });

  it("to another day of the week is not two weeks without a weekly backup", async () => {
    const on = (weekday: string): Plan => planOf({ weekly: { from: "05:00", spread: "1s", on: weekday } });
    const daemon = world.daemon();
    await daemon.beat([tenantOf(on("sunday"))], wait);
    // Saturday afternoon: the new day has just gone by, and the old one will not come.
    const before = await run(world, daemon, [tenantOf(on("sunday"))], "2026-06-13T15:00:00Z");
    const after = await run(world, daemon, [tenantOf(on("friday"))], "2026-06-20T15:00:00Z");
    expect(keysOf([...before, ...after])).toEqual([
      "acme/weekly/2026-06-07",
      "acme/weekly/2026-06-12",
      "acme/weekly/2026-06-19",
    ]);
  });

  it("to another day of the week is made up for although a daily one came since", async () => {
    const on = (weekday: string): Plan =>
      planOf({
        daily: { from: "01:00", spread: "1s" },
        weekly: { from: "05:00", spread: "1s", on: weekday },
      });
    const daemon = world.daemon();
    await daemon.beat([tenantOf(on("sunday"))], wait);
    await run(world, daemon, [tenantOf(on("sunday"))], "2026-06-13T15:00:00Z");
    expect(keysOf(await daemon.beat([tenantOf(on("friday"))], wait))).toEqual(["acme/weekly/2026-06-12"]);
  });

  it("by the time zone of its tenant is made up for as well", async () => {
    const late = planOf({ daily: { from: "22:00", spread: "1s" } });
    const daemon = world.daemon();
    await daemon.beat([tenantOf(late)], wait);
    await run(world, daemon, [tenantOf(late)], "2026-06-03T19:00:00Z");
    // There it is past 22:00 already.
    const dubai = [tenantOf(late, "Asia/Dubai")];
    expect(keysOf(await daemon.beat(dubai, wait))).toEqual(["acme/daily/2026-06-03"]);
    expect(keysOf(await run(world, daemon, dubai, "2026-06-04T19:00:00Z"))).toEqual([
      "acme/daily/2026-06-04",
    ]);
  });

  it("that was read anew and says the same changes nothing", async () => {
    const daemon = world.daemon();
    await daemon.beat([tenantOf(nightly)], wait);
    await run(world, daemon, [tenantOf(nightly)], "2026-06-03T12:00:00Z");
    expect(await daemon.beat([tenantOf(structuredClone(nightly))], wait)).toEqual([]);
  });

  it("to one that allows no choice ends the tenant's own backups and keeps the plan's", async () => {
    world.choices.set(acme, { kind: "every", everyMs: hourMs });
    const daemon = world.daemon();
    await daemon.beat([tenantOf(nightly)], wait);
    await run(world, daemon, [tenantOf(nightly)], "2026-06-02T12:00:00Z");
    const handed = await run(world, daemon, [tenantOf(early)], "2026-06-03T12:00:00Z");
    expect(keysOf(handed)).toEqual(["acme/daily/2026-06-03"]);
  });
});

describe("a choice that changes between slots", () => {
  it("holds from the next slot on, and brings none of its past", async () => {
    world.choices.set(acme, { kind: "at", times: ["14:00"] });
    const daemon = world.daemon();
    const own = planOf({ tenantChoice: freely });
    await daemon.beat([tenantOf(own)], wait);
    await run(world, daemon, [tenantOf(own)], "2026-06-03T10:00:00Z");
    world.choices.set(acme, { kind: "at", times: ["06:00", "14:00", "18:00"] });
    const handed = await run(world, daemon, [tenantOf(own)], "2026-06-04T12:00:00Z");
    expect(handed.map(({ at }) => at)).toEqual([
      "2026-06-03T14:00:00Z",
      "2026-06-03T18:00:00Z",
      "2026-06-04T06:00:00Z",
    ]);
  });
});

describe("tenants that come and go", () => {
  it("have nothing of their past due when they are new", async () => {
    const daemon = world.daemon();
    await daemon.beat([], wait);
    world.clock.advance(30 * dayMs);
    await daemon.beat([], wait);
    world.choices.set(acme, { kind: "every", everyMs: hourMs });
    world.clock.advance(15_000);
    const handed = await daemon.beat([tenantOf(nightly)], wait);
    expect(handed.filter(({ at }) => Date.parse(at) < world.clock.now().getTime() - 15_000)).toEqual([]);
  });

  it("catch up what they missed when they are found only some beats after a restart", async () => {
    await world.daemon().beat([tenantOf(nightly)], wait);
    await run(world, world.daemon(), [tenantOf(nightly)], "2026-06-05T12:00:00Z");
    world.clock.advance(3 * dayMs);
    // The source that lists the tenant does not answer yet.
    const daemon = world.daemon();
    expect(await run(world, daemon, [], "2026-06-08T13:00:00Z")).toEqual([]);
    expect(keysOf(await daemon.beat([tenantOf(nightly)], wait)).toSorted()).toEqual([
      "acme/daily/2026-06-08",
      "acme/weekly/2026-06-07",
    ]);
    expect(await daemon.beat([tenantOf(nightly)], wait)).toEqual([]);
  });

  it("catch up what they missed while they were gone, once they are back", async () => {
    const daemon = world.daemon();
    await daemon.beat([tenantOf(nightly)], wait);
    await run(world, daemon, [tenantOf(nightly)], "2026-06-03T12:00:00Z");
    expect(await run(world, daemon, [], "2026-06-05T12:00:00Z")).toEqual([]);
    expect(keysOf(await daemon.beat([tenantOf(nightly)], wait))).toEqual(["acme/daily/2026-06-05"]);
  });
});

describe("daemons whose configurations differ", () => {
  /** Beats of two in turn, seconds apart, of which each may be the first that sees a slot's time pass. */
  async function inTurn(
    one: readonly ScheduledTenant[],
    other: readonly ScheduledTenant[],
    days: number,
  ): Promise<readonly string[]> {
    const daemons = [
      { daemon: world.daemon(), tenants: one },
      { daemon: world.daemon(), tenants: other },
    ];
    for (let beat = 0; beat < days * 96; beat += 1) {
      world.clock.advance(900_000 - 5000);
      for (const { daemon, tenants } of beat % 7 < 3 ? daemons : daemons.toReversed()) {
        await daemon.beat(tenants, wait);
        world.clock.advance(2500);
      }
    }
    return world.queued;
  }

  it("leave out no slot of a tenant that one of them alone knows", async () => {
    const globex = tenantId.parse("globex");
    const both = [tenantOf(nightly), tenantOf(nightly, "UTC", globex)];
    const queued = await inTurn([tenantOf(nightly)], both, 14);
    const ofGlobex = queued.filter((key) => key.startsWith("globex/daily/"));
    expect(ofGlobex).toHaveLength(14);
    expect(queued.map((key) => key.replace("globex", "acme")).filter((key) => !queued.includes(key))).toEqual(
      [],
    );
    expect(new Set(queued).size).toBe(queued.length);
  });

  it("make one daily backup a day of a tenant that they hold to different times", async () => {
    const queued = await inTurn([tenantOf(nightly)], [tenantOf(nightly, "Asia/Dubai")], 14);
    const days = queued.filter((key) => key.includes("/daily/"));
    expect(days).toHaveLength(14);
    expect(new Set(days).size).toBe(14);
  });
});

describe("any life of a fleet", () => {
  it("hands out every slot exactly once, however daemons beat, and of what was missed the newest of each kind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("2026-10-24T00:00:00Z", "2027-03-27T00:00:00Z", "2028-02-27T00:00:00Z"),
        fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Dubai"),
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 1000, max: 40 * hourMs }),
            daemon: fc.integer({ min: 0, max: 2 }),
            restarts: fc.boolean(),
          }),
          { minLength: 5, maxLength: 30 },
        ),
        async (start, timeZone, beats) => {
          const world = worldAt(start);
          const choice: TenantChoice = { kind: "every", everyMs: 2 * hourMs };
          world.choices.set(acme, choice);
          const tenant = tenantOf(nightly, timeZone);
          const daemons = [world.daemon(), world.daemon(), world.daemon()];
          await daemons[0]?.beat([tenant], wait);
          const expected: string[] = [];
          for (const { afterMs, daemon, restarts } of beats) {
            const after = world.clock.now();
            world.clock.advance(afterMs);
            if (restarts) daemons[daemon] = world.daemon();
            await daemons[daemon]?.beat([tenant], wait);
            const span = { after, upTo: world.clock.now() };
            expected.push(
              ...keysOf(newestPerKind(dueSlots(acme, { plan: nightly, timeZone, choice }, span))),
            );
          }
          expect(world.queued.toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 100 },
    );
  });
});
