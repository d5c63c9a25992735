/** What is due between two instants: every slot once however the span is cut, spread inside its window, under a key that stays. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tenantId } from "../../src/model/ids.ts";
import type { Slot, TenantChoice, TenantSchedule } from "../../src/model/schedule.ts";
import { dueSlots, newestDue, newestPerKind } from "../../src/model/schedule/due.ts";
import { expectedIntervalOf } from "../../src/model/schedule/expected-interval.ts";
import { nextSlots } from "../../src/model/schedule/next.ts";
import { acme, between, freely, planOf, scheduleOf } from "../support/schedules.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nightly = { from: "01:00", spread: "4h" };
const sundays = { from: "05:00", spread: "6h", on: "sunday" };

const schedules: fc.Arbitrary<TenantSchedule> = fc
  .record({
    timeZone: fc.constantFrom(
      "Europe/Berlin",
      "America/New_York",
      "Asia/Dubai",
      "UTC",
      "Australia/Lord_Howe",
    ),
    daily: fc.constantFrom(null, nightly, { from: "22:00", spread: "5h" }, { from: "02:00", spread: "1h" }),
    weekly: fc.constantFrom(null, sundays, { from: "23:00", spread: "9h", on: "saturday" }),
    choice: fc.constantFrom<TenantChoice | null>(
      null,
      { kind: "every", everyMs: hourMs },
      { kind: "every", everyMs: 5 * hourMs },
      { kind: "every", everyMs: 3 * dayMs },
      { kind: "at", times: ["01:30", "02:30", "03:00"] },
    ),
  })
  .map(({ daily, weekly, timeZone, choice }) =>
    scheduleOf({ daily, weekly, tenantChoice: freely }, timeZone, choice),
  );

/** Half of them at a change of the clock. */
const starts = fc.oneof(
  fc
    .constantFrom("2026-10-24T18:00Z", "2027-03-27T18:00Z", "2026-10-31T20:00Z", "2027-03-13T20:00Z")
    .map(Date.parse),
  fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2030, 0) }),
);

describe("slots", () => {
  it("are the same however a span is cut into beats", () => {
    fc.assert(
      fc.property(
        schedules,
        starts,
        fc.array(fc.integer({ min: 1, max: 20 * hourMs }), { minLength: 1, maxLength: 20 }),
        (schedule, from, steps) => {
          const cut: Slot[] = [];
          let after = from;
          for (const step of steps) {
            cut.push(...dueSlots(acme, schedule, { after: new Date(after), upTo: new Date(after + step) }));
            after += step;
          }
          const whole = dueSlots(acme, schedule, { after: new Date(from), upTo: new Date(after) });
          expect(cut).toEqual(whole);
          expect(new Set(whole.map(({ key }) => key)).size).toBe(whole.length);
          for (const { at } of whole) {
            expect(Date.parse(at)).toBeGreaterThan(from);
            expect(Date.parse(at)).toBeLessThanOrEqual(after);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("come once a day and once a week, whatever the clock does", () => {
    fc.assert(
      fc.property(schedules, starts, fc.integer({ min: 1, max: 30 }), (schedule, from, weeks) => {
        const upTo = new Date(from + weeks * 7 * dayMs);
        const slots = dueSlots(acme, { ...schedule, choice: null }, { after: new Date(from), upTo });
        const { daily, weekly } = schedule.plan.schedules;
        for (const [kind, expected] of [
          ["daily", daily === null ? 0 : weeks * 7],
          ["weekly", weekly === null ? 0 : weeks],
        ] as const) {
          const count = slots.filter((slot) => slot.kind === kind).length;
          expect(Math.abs(count - expected)).toBeLessThanOrEqual(expected === 0 ? 0 : 1);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("fall on the plan's day of the week", () => {
    const slots = dueSlots(
      acme,
      scheduleOf({ weekly: sundays }, "UTC"),
      between("2026-01-01T00:00Z", "2027-01-01T00:00Z"),
    );
    expect(slots).toHaveLength(52);
    for (const { at, key } of slots) {
      expect(new Date(at).getUTCDay()).toBe(0);
      expect(key).toBe(`acme/weekly/${at.slice(0, 10)}`);
    }
  });

  it("bear the date on which their window opened when they start after midnight", () => {
    const late = scheduleOf({ daily: { from: "23:59", spread: "6h" } }, "UTC");
    const [slot] = dueSlots(acme, late, between("2026-06-01T12:00Z", "2026-06-02T12:00Z"));
    expect(slot?.at.slice(0, 10)).toBe("2026-06-02");
    expect(slot?.key).toBe("acme/daily/2026-06-01");
  });

  it("of the second of two equal hours bear a mark", () => {
    const hourly = scheduleOf({ tenantChoice: freely }, "Europe/Berlin", { kind: "every", everyMs: hourMs });
    const keys = dueSlots(acme, hourly, between("2026-10-24T22:00Z", "2026-10-25T03:00Z")).map(
      ({ key }) => key,
    );
    const twice = keys.filter((key) => key.startsWith("acme/custom/2026-10-25T02:"));
    expect(twice).toHaveLength(2);
    expect(twice[1]).toBe(`${twice[0] ?? ""}/again`);
  });

  it("there are none of a choice that the plan does not allow any more", () => {
    const choice = { kind: "every" as const, everyMs: hourMs };
    const day = between("2026-06-01T00:00Z", "2026-06-02T00:00Z");
    expect(dueSlots(acme, scheduleOf({ tenantChoice: freely }, "UTC", choice), day)).toHaveLength(24);
    expect(dueSlots(acme, scheduleOf({ tenantChoice: null }, "UTC", choice), day)).toEqual([]);
    const stricter = { ...freely, minInterval: "2h" };
    expect(dueSlots(acme, scheduleOf({ tenantChoice: stricter }, "UTC", choice), day)).toEqual([]);
  });
});

describe("the spread", () => {
  const tenants = Array.from({ length: 2000 }, (_, index) => tenantId.parse(`tenant-${String(index)}`));
  const schedule = scheduleOf({ daily: nightly, weekly: { ...nightly, on: "monday" } }, "Asia/Dubai");

  it("stays inside the window and uses all of it evenly", () => {
    const from = Date.parse("2026-05-31T21:00Z");
    const quarters = [0, 0, 0, 0];
    for (const tenant of tenants) {
      const slots = dueSlots(tenant, schedule, {
        after: new Date(from - 1),
        upTo: new Date(from + 4 * hourMs - 1),
      });
      const daily = slots.find(({ kind }) => kind === "daily");
      expect(slots).toHaveLength(2);
      const quarter = Math.floor((Date.parse(daily?.at ?? "") - from) / hourMs);
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    for (const count of quarters) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it("gives a tenant the same time every day, and another for its weekly backup", () => {
    const slots = dueSlots(acme, schedule, between("2026-06-01T12:00Z", "2026-07-01T12:00Z"));
    const times = (of: string): Set<string> =>
      new Set(slots.filter(({ kind }) => kind === of).map(({ at }) => at.slice(11)));
    expect([times("daily").size, times("weekly").size]).toEqual([1, 1]);
    expect(times("daily")).not.toEqual(times("weekly"));
  });

  it("never changes from one release to the next", () => {
    const [slot] = nextSlots(acme, schedule, new Date("2026-06-01T12:00Z"), 1);
    expect(slot).toEqual({
      tenant: "acme",
      kind: "daily",
      key: "acme/daily/2026-06-02",
      at: "2026-06-01T22:42:40Z",
    });
  });
});

describe("catching up", () => {
  const all = scheduleOf({ daily: nightly, weekly: sundays, tenantChoice: freely }, "UTC", {
    kind: "every",
    everyMs: hourMs,
  });

  it("takes the newest of each kind, so that no kind swallows another", () => {
    const span = between("2026-11-20T00:00Z", "2026-11-23T00:00Z");
    const newest = newestPerKind(dueSlots(acme, all, span));
    expect(newest.map(({ kind }) => kind).toSorted()).toEqual(["custom", "daily", "weekly"]);
    expect(newest.find(({ kind }) => kind === "daily")?.key).toBe("acme/daily/2026-11-22");
    expect(newest.find(({ kind }) => kind === "custom")?.at.slice(0, 13)).toBe("2026-11-22T23");
  });

  it("finds after years what the whole span would give, without walking it", () => {
    fc.assert(
      fc.property(schedules, starts, fc.integer({ min: 1, max: 40 * dayMs }), (schedule, from, long) => {
        const span = { after: new Date(from), upTo: new Date(from + long) };
        const byKey = (slots: readonly Slot[]): readonly string[] => slots.map(({ key }) => key).toSorted();
        expect(byKey(newestDue(acme, schedule, span))).toEqual(
          byKey(newestPerKind(dueSlots(acme, schedule, span))),
        );
      }),
      { numRuns: 200 },
    );
    // Walked, these would be millions of slots, and far more than the limit of a test.
    const often = { ...all, choice: { kind: "every" as const, everyMs: 900_000 } };
    const before = performance.now();
    expect(newestDue(acme, often, between("1900-01-01T00:00Z", "2026-11-22T00:00Z"))).toHaveLength(3);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe("a preview", () => {
  it("is the first of what will be due", () => {
    fc.assert(
      fc.property(schedules, starts, fc.integer({ min: 1, max: 30 }), (schedule, from, count) => {
        const next = nextSlots(acme, schedule, new Date(from), count);
        const { daily, weekly } = schedule.plan.schedules;
        const nothing = daily === null && weekly === null && schedule.choice === null;
        expect(next).toHaveLength(nothing ? 0 : count);
        const upTo = new Date(next.at(-1)?.at ?? from + 30 * dayMs);
        const due = dueSlots(acme, schedule, { after: new Date(from), upTo });
        expect(due.slice(0, count)).toEqual(next);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the interval within which a backup is expected", () => {
  const day = { daily: nightly, weekly: sundays };
  it.each([
    ["of a daily plan is a day", scheduleOf(day, "UTC"), 24],
    ["of a weekly plan is a week", scheduleOf({ weekly: sundays }, "UTC"), 168],
    ["of no schedule is none", scheduleOf({}, "UTC"), null],
    [
      "of an hourly choice is an hour",
      scheduleOf({ ...day, tenantChoice: freely }, "UTC", { kind: "every", everyMs: hourMs }),
      1,
    ],
    [
      "of fixed times is the longest between two of them, over midnight",
      scheduleOf({ ...day, tenantChoice: freely }, "UTC", { kind: "at", times: ["14:00", "06:00"] }),
      16,
    ],
    [
      "of a choice without effect is the plan's",
      scheduleOf(day, "UTC", { kind: "every", everyMs: hourMs }),
      24,
    ],
  ])("%s", (_, schedule, hours) => {
    expect(expectedIntervalOf(schedule)).toBe(hours === null ? null : hours * hourMs);
  });

  it("of an interval within some hours includes the hours between", () => {
    const plan = planOf({ tenantChoice: { ...freely, allowedHours: { from: "08:00", to: "19:59" } } });
    expect(expectedIntervalOf({ plan, choice: { kind: "every", everyMs: 2 * hourMs } })).toBe(14 * hourMs);
  });

  it("is never shorter than what the slots leave between them", () => {
    fc.assert(
      fc.property(schedules, starts, (schedule, from) => {
        const expected = expectedIntervalOf(schedule);
        const slots = nextSlots(acme, schedule, new Date(from), 60).map(({ at }) => Date.parse(at));
        for (const [index, start] of slots.slice(1).entries()) {
          // A change of the clock adds an hour at most.
          expect(start - (slots[index] ?? 0)).toBeLessThanOrEqual((expected ?? 0) + hourMs);
        }
      }),
      { numRuns: 100 },
    );
  });
});
