/** Slots around changes of the local clock: none is lost, none comes twice, and elapsed time stays elapsed time. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TenantSchedule } from "../../src/model/schedule.ts";
import { dueSlots } from "../../src/model/schedule/due.ts";
import { zoneOf } from "../../src/model/schedule/zone.ts";
import { acme, between, freely, scheduleOf } from "../support/schedules.ts";

const hourMs = 3_600_000;

function startsOf(schedule: TenantSchedule, after: string, upTo: string): readonly string[] {
  return dueSlots(acme, schedule, between(after, upTo)).map(({ at }) => at);
}

function at(timeZone: string, ...times: readonly string[]): TenantSchedule {
  return scheduleOf({ tenantChoice: freely }, timeZone, { kind: "at", times: [...times] });
}

function every(timeZone: string, everyMs: number): TenantSchedule {
  return scheduleOf({ tenantChoice: freely }, timeZone, { kind: "every", everyMs });
}

describe("a time that the clock skips", () => {
  it("is due right after the gap in Berlin, and at its own time the days around", () => {
    expect(startsOf(at("Europe/Berlin", "02:30"), "2027-03-27T00:00Z", "2027-03-30T00:00Z")).toEqual([
      "2027-03-27T01:30:00Z",
      "2027-03-28T01:00:00Z",
      "2027-03-29T00:30:00Z",
    ]);
  });

  it("is due right after the gap in New York", () => {
    expect(startsOf(at("America/New_York", "02:30"), "2027-03-13T12:00Z", "2027-03-15T12:00Z")).toEqual([
      "2027-03-14T07:00:00Z",
      "2027-03-15T06:30:00Z",
    ]);
  });

  it("is due after the gap for a daily window too", () => {
    const nightly = scheduleOf({ daily: { from: "02:15", spread: "1s" } }, "Europe/Berlin");
    expect(startsOf(nightly, "2027-03-27T12:00Z", "2027-03-28T12:00Z")).toEqual(["2027-03-28T01:00:00Z"]);
  });

  it("shares that instant with others of the gap, each a slot of its own", () => {
    const slots = dueSlots(
      acme,
      at("Europe/Berlin", "02:15", "02:45"),
      between("2027-03-28T00:00Z", "2027-03-28T12:00Z"),
    );
    expect(slots.map(({ key }) => key)).toEqual([
      "acme/custom/2027-03-28T02:15:00",
      "acme/custom/2027-03-28T02:45:00",
    ]);
    expect(new Set(slots.map(({ at }) => at))).toEqual(new Set(["2027-03-28T01:00:00Z"]));
  });

  it("is due after a whole day that was skipped, as in Samoa in 2011", () => {
    expect(startsOf(at("Pacific/Apia", "12:00"), "2011-12-29T12:00Z", "2011-12-31T12:00Z")).toEqual([
      "2011-12-29T22:00:00Z",
      "2011-12-30T10:00:00Z",
      "2011-12-30T22:00:00Z",
    ]);
  });
});

describe("a time that comes twice", () => {
  it("is due once, the first time, in Berlin", () => {
    expect(startsOf(at("Europe/Berlin", "02:30"), "2026-10-24T12:00Z", "2026-10-26T12:00Z")).toEqual([
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00Z",
    ]);
  });

  it("is due once, the first time, in New York", () => {
    expect(startsOf(at("America/New_York", "01:30"), "2026-10-31T12:00Z", "2026-11-02T12:00Z")).toEqual([
      "2026-11-01T05:30:00Z",
      "2026-11-02T06:30:00Z",
    ]);
  });

  it("leaves the time at which the clock is turned back where it is", () => {
    expect(startsOf(at("Europe/Berlin", "03:00", "02:00"), "2026-10-25T00:00Z", "2026-10-25T12:00Z")).toEqual(
      ["2026-10-25T02:00:00Z"],
    );
    expect(startsOf(at("Europe/Berlin", "02:00"), "2026-10-24T12:00Z", "2026-10-25T12:00Z")).toEqual([
      "2026-10-25T00:00:00Z",
    ]);
  });

  it("is found when a beat lies between the two", () => {
    expect(startsOf(at("Europe/Berlin", "02:50"), "2026-10-25T00:40Z", "2026-10-25T01:05Z")).toEqual([
      "2026-10-25T00:50:00Z",
    ]);
    expect(startsOf(at("Europe/Berlin", "02:50"), "2026-10-25T01:05Z", "2026-10-25T02:30Z")).toEqual([]);
  });
});

describe("a zone without changes", () => {
  it("has every day alike in Dubai", () => {
    const starts = startsOf(at("Asia/Dubai", "02:30"), "2026-01-01T00:00Z", "2027-01-01T00:00Z");
    expect(starts).toHaveLength(365);
    expect(new Set(starts.map((start) => start.slice(11)))).toEqual(new Set(["22:30:00Z"]));
  });
});

describe("an hourly choice", () => {
  it.each([
    ["over autumn in Berlin", "Europe/Berlin", "2026-10-24T00:00Z", "2026-10-27T00:00Z"],
    ["over spring in Berlin", "Europe/Berlin", "2027-03-27T00:00Z", "2027-03-30T00:00Z"],
    ["over autumn in New York", "America/New_York", "2026-10-31T00:00Z", "2026-11-03T00:00Z"],
    ["over spring in New York", "America/New_York", "2027-03-13T00:00Z", "2027-03-16T00:00Z"],
  ])("has neither hole nor double %s", (_, timeZone, after, upTo) => {
    const slots = dueSlots(acme, every(timeZone, hourMs), between(after, upTo));
    expect(slots).toHaveLength(72);
    expect(new Set(slots.map(({ key }) => key)).size).toBe(72);
    const starts = slots.map(({ at }) => Date.parse(at));
    for (const [index, start] of starts.slice(1).entries()) expect(start - (starts[index] ?? 0)).toBe(hourMs);
  });

  it("keeps to its hours by the local clock, summer and winter", () => {
    const schedule = scheduleOf(
      { tenantChoice: { ...freely, allowedHours: { from: "20:00", to: "05:59" } } },
      "Europe/Berlin",
      { kind: "every", everyMs: hourMs },
    );
    for (const [day, offset] of [
      ["2026-07-01", 2],
      ["2026-12-01", 1],
    ] as const) {
      const starts = startsOf(
        schedule,
        `${day}T10:00Z`,
        new Date(Date.parse(`${day}T10:00Z`) + 24 * hourMs).toISOString(),
      );
      const hours = starts.map((start) => (Number(start.slice(11, 13)) + offset) % 24);
      expect(hours).toEqual([20, 21, 22, 23, 0, 1, 2, 3, 4, 5]);
    }
  });
});

describe("the leap day", () => {
  it("has its backups as any other", () => {
    const nightly = scheduleOf({ daily: { from: "01:00", spread: "1s" } }, "UTC");
    expect(startsOf(nightly, "2028-02-28T00:00Z", "2028-03-02T00:00Z")).toEqual([
      "2028-02-28T01:00:00Z",
      "2028-02-29T01:00:00Z",
      "2028-03-01T01:00:00Z",
    ]);
  });

  it("does not shift the week", () => {
    const weekly = scheduleOf({ weekly: { from: "05:00", spread: "1s", on: "sunday" } }, "Europe/Berlin");
    expect(startsOf(weekly, "2028-02-20T12:00Z", "2028-03-12T12:00Z")).toEqual([
      "2028-02-27T04:00:00Z",
      "2028-03-05T04:00:00Z",
      "2028-03-12T04:00:00Z",
    ]);
  });
});

/** What the machine's own calendar shows, in local milliseconds; independent of how `zoneOf` finds its spans. */
function shownByIntl(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (atMs) => Date.parse(`${format.format(atMs).replace(" ", "T")}Z`);
}

describe("the local clock", () => {
  const zones = ["Europe/Berlin", "America/New_York", "Asia/Dubai", "Australia/Lord_Howe", "Asia/Kathmandu"];

  it("shows what the calendar of the machine shows", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2020, 0) / 1000, max: Date.UTC(2035, 0) / 1000 }),
        (timeZone, seconds) => {
          expect(zoneOf(timeZone).local(seconds * 1000)).toBe(shownByIntl(timeZone)(seconds * 1000));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(zones)(
    "finds the first minute by which it has shown a time, searched one by one in %s",
    (timeZone) => {
      const zone = zoneOf(timeZone);
      const shown = shownByIntl(timeZone);
      for (const day of [
        "2026-03-08",
        "2026-03-29",
        "2026-04-04",
        "2026-10-03",
        "2026-10-25",
        "2026-11-01",
      ]) {
        const midnight = Date.parse(`${day}T00:00Z`);
        let atMs = midnight - 24 * hourMs;
        let soFar = shown(atMs);
        for (let localMs = midnight - 6 * hourMs; localMs < midnight + 30 * hourMs; localMs += 15 * 60_000) {
          while (soFar < localMs) {
            atMs += 60_000;
            soFar = Math.max(soFar, shown(atMs));
          }
          expect([day, localMs, zone.firstShown(localMs)]).toEqual([day, localMs, atMs]);
        }
      }
    },
  );
});
