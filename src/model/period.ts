/** Periods of a local calendar: days, ISO weeks, months, years. */
import { Temporal } from "temporal-polyfill";

export const periods = ["daily", "weekly", "monthly", "yearly"] as const;
export type Period = (typeof periods)[number];

/** The period in which an instant lies: `2026-11-21`, `2026-W47`, `2026-11`, `2026`. ISO weeks begin on Monday and belong to the year of their Thursday. */
export function periodOf(instant: string, period: Period, timeZone: string): string {
  const date = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate();
  switch (period) {
    case "daily":
      return date.toString();
    case "weekly":
      return `${String(date.yearOfWeek)}-W${String(date.weekOfYear).padStart(2, "0")}`;
    case "monthly":
      return date.toPlainYearMonth().toString();
    case "yearly":
      return String(date.year);
  }
}
