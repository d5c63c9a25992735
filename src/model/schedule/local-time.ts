/** Local dates and times as numbers and as texts; the numbers are milliseconds as a local clock shows them. */
import { Temporal } from "temporal-polyfill";

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** Milliseconds after midnight of `06:30`. */
export function timeOfDayMs(time: string): number {
  return Number(time.slice(0, 2)) * hourMs + Number(time.slice(3, 5)) * minuteMs;
}

/** `2026-11-22T06:30:00` of a local time, or an instant of UTC without its `Z`; fractions are cut off. */
export function spellLocal(localMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(localMs).toString({ fractionalSecondDigits: 0 }).slice(0, -1);
}

/** `2026-11-22` of a count of days since 1970. */
export function spellDay(day: number): string {
  return spellLocal(day * dayMs).slice(0, 10);
}

/** `2026-11-22T06:30:00+01:00` of an instant, as clocks of the zone show it. */
export function spellInZone(at: Date, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(timeZone)
    .toString({ timeZoneName: "never", fractionalSecondDigits: 0 });
}
