/**
 * The windows of a plan that have closed. Told from the plan's own words and not by the scheduler's
 * rules: whoever looks after the daemon must not share its mistakes.
 */
import { Temporal } from "temporal-polyfill";
import type { BackupKind } from "../model/glossary.ts";
import type { TenantSchedule } from "../model/schedule.ts";

export interface ClosedWindow {
  readonly kind: Extract<BackupKind, "daily" | "weekly">;
  readonly openedAt: Date;
}

/** Days of the week as ISO 8601 numbers them. */
const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/**
 * The newest daily and the newest weekly window in which every start lies so far back that its backup
 * must have ended: the spread of starts and the longest snapshot of the plan are allowed for.
 */
export function closedWindows({ plan, timeZone }: TenantSchedule, now: Date): readonly ClosedWindow[] {
  const { daily, weekly } = plan.schedules;
  const found: ClosedWindow[] = [];
  const add = (
    kind: ClosedWindow["kind"],
    window: { readonly from: string; readonly spread: number },
    on: string | null,
  ): void => {
    const startBy = now.getTime() - window.spread - plan.maxSnapshotAge;
    found.push({ kind, openedAt: newestOpening(window.from, on, timeZone, startBy) });
  };
  if (daily !== null) add("daily", daily, null);
  if (weekly !== null) add("weekly", weekly, weekly.on);
  return found;
}

/** The newest time of day, on that weekday, at or before `byMs`; one that the clocks skip comes right after the gap. */
function newestOpening(from: string, on: string | null, timeZone: string, byMs: number): Date {
  const last = Temporal.Instant.fromEpochMilliseconds(byMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const isDay = (day: Temporal.PlainDate): boolean => on === null || weekdays[day.dayOfWeek - 1] === on;
  for (let day = last; ; day = day.subtract({ days: 1 })) {
    const opensMs = day.toZonedDateTime({ timeZone, plainTime: from }).epochMilliseconds;
    if (isDay(day) && opensMs <= byMs) return new Date(opensMs);
  }
}
