/** What is remembered of quiet times never changes what is due, whatever clock, schedule and failures do. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createQuietTimes } from "../../src/daemon/quiet-times.ts";
import type { TenantSchedule } from "../../src/model/schedule.ts";
import { newestDue } from "../../src/model/schedule/due.ts";
import { acme, freely, scheduleOf } from "../support/schedules.ts";

const minuteMs = 60_000;
const wish = {
  daily: { from: "01:00", spread: "4h" },
  weekly: { from: "05:00", spread: "6h", on: "sunday" },
  tenantChoice: freely,
};
const plain = scheduleOf(wish, "Europe/Berlin");
const schedules: readonly TenantSchedule[] = [
  plain,
  scheduleOf(wish, "America/New_York"),
  { ...plain, timeZone: "Asia/Dubai" },
  { ...plain, choice: { kind: "every", everyMs: 20 * minuteMs } },
  { ...plain, choice: { kind: "every", everyMs: 25 * minuteMs } },
  { ...plain, choice: { kind: "at", times: ["02:30", "03:15"] } },
  { ...plain, choice: { kind: "at", times: ["02:30"] } },
];

describe("quiet times", () => {
  it("agree with the rules at every beat, also when time or watermark go back", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            schedule: fc.constantFrom(...schedules),
            stepMs: fc.oneof(
              { weight: 8, arbitrary: fc.integer({ min: 1, max: 10 * minuteMs }) },
              { weight: 1, arbitrary: fc.integer({ min: -90 * minuteMs, max: 5 * 60 * minuteMs }) },
            ),
            succeeds: fc.boolean(),
          }),
          { minLength: 20, maxLength: 60 },
        ),
        (beats) => {
          const quiet = createQuietTimes();
          let now = Date.parse("2026-10-25T00:00Z");
          let watermark = now;
          let current: TenantSchedule = plain;
          for (const { schedule, stepMs, succeeds } of beats) {
            if (stepMs % 5 === 0) current = schedule;
            // New objects, as the catalog gives them.
            const given = { ...current, choice: structuredClone(current.choice) };
            now += stepMs;
            const span = { after: new Date(Math.min(watermark, now)), upTo: new Date(now) };
            expect(quiet.newestDue(acme, given, span)).toEqual(newestDue(acme, given, span));
            if (succeeds) watermark = now;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
