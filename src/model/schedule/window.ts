/** The plan's own slots: one a day and one a week, each at its tenant's place in the window. */
import type { TenantId } from "../ids.ts";
import type { Plan } from "../plan.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { dayMs, spellDay, spellLocal, timeOfDayMs } from "./local-time.ts";
import { spreadMs } from "./spread.ts";
import { zoneOf } from "./zone.ts";

/** Adds the daily slots of `afterMs < at <= upToMs` to `found`. */
export function dailySlots(
  tenant: TenantId,
  { plan, timeZone }: TenantSchedule,
  afterMs: number,
  upToMs: number,
  found: Slot[],
): void {
  const window = plan.schedules.daily;
  if (window === null) return;
  const startMs = startOf(tenant, "daily", window, dayMs);
  const zone = zoneOf(timeZone);
  const last = Math.floor((zone.shown(upToMs) - startMs) / dayMs);
  for (let day = Math.floor((zone.shown(afterMs) - startMs) / dayMs) + 1; day <= last; day += 1) {
    found.push(slotOf(tenant, "daily", day, zone.firstShown(day * dayMs + startMs)));
  }
}

/** Adds the weekly slots of `afterMs < at <= upToMs` to `found`. */
export function weeklySlots(
  tenant: TenantId,
  { plan, timeZone }: TenantSchedule,
  afterMs: number,
  upToMs: number,
  found: Slot[],
): void {
  const window = plan.schedules.weekly;
  if (window === null) return;
  const startMs = weekdays[window.on] * dayMs + startOf(tenant, "weekly", window, 7 * dayMs);
  const zone = zoneOf(timeZone);
  const last = Math.floor((zone.shown(upToMs) - startMs) / (7 * dayMs));
  for (let week = Math.floor((zone.shown(afterMs) - startMs) / (7 * dayMs)) + 1; week <= last; week += 1) {
    const at = zone.firstShown(week * 7 * dayMs + startMs);
    found.push(slotOf(tenant, "weekly", week * 7 + weekdays[window.on], at));
  }
}

/** Days after the Thursday that 1970 began with. */
const weekdays = {
  thursday: 0,
  friday: 1,
  saturday: 2,
  sunday: 3,
  monday: 4,
  tuesday: 5,
  wednesday: 6,
} as const satisfies Record<NonNullable<Plan["schedules"]["weekly"]>["on"], number>;

/** Milliseconds after midnight. A window longer than its period would have several of its days open at once. */
function startOf(
  tenant: TenantId,
  kind: "daily" | "weekly",
  window: { readonly from: string; readonly spread: number },
  periodMs: number,
): number {
  return timeOfDayMs(window.from) + spreadMs(tenant, kind, Math.min(window.spread, periodMs));
}

/** `day` is the one on which the window opens; a start after midnight belongs to it all the same. */
function slotOf(tenant: TenantId, kind: "daily" | "weekly", day: number, atMs: number): Slot {
  return { tenant, kind, key: `${tenant}/${kind}/${spellDay(day)}`, at: `${spellLocal(atMs)}Z` };
}
