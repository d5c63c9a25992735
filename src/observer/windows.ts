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
  const add = (kind: ClosedWindow["kind"], window: Window, on: string | null): void => {
    const lastStart = now.getTime() - plan.maxSnapshotAge;
    found.push({ kind, openedAt: newestOpening(window, on, timeZone, lastStart) });
  };
  if (daily !== null) add("daily", daily, null);
  if (weekly !== null) add("weekly", weekly, weekly.on);
  return found;
}

interface Window {
  readonly from: string;
  /** Milliseconds that the local clock goes on by while the window is open. */
  readonly spread: number;
}

/** When the newest window opened, of those of that weekday, whose last start came at or before `byMs`. */
function newestOpening({ from, spread }: Window, on: string | null, timeZone: string, byMs: number): Date {
  const last = Temporal.Instant.fromEpochMilliseconds(byMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const isDay = (day: Temporal.PlainDate): boolean => on === null || weekdays[day.dayOfWeek - 1] === on;
  for (let day = last; ; day = day.subtract({ days: 1 })) {
    if (!isDay(day)) continue;
    const opens = day.toPlainDateTime(from);
    if (firstShownMs(opens.add({ milliseconds: spread }), timeZone) <= byMs)
      return new Date(firstShownMs(opens, timeZone));
  }
}

/** A local time that the clocks skip comes right after the gap, of one that comes twice the first counts. */
function firstShownMs(local: Temporal.PlainDateTime, timeZone: string): number {
  const first = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  const isSkipped = !first.toPlainDateTime().equals(local);
  return (isSkipped ? first.getTimeZoneTransition("next") : first)?.epochMilliseconds ?? Infinity;
}
