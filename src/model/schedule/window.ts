/** The plan's own slots: one a day and one a week, each at its tenant's place in the window. */
import type { TenantId } from "../ids.ts";
import type { Plan } from "../plan.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { dayMs, spellDay, spellLocal, timeOfDayMs } from "./local-time.ts";
import { spreadMs } from "./spread.ts";
import type { Stretch } from "./stretch.ts";
import { zoneOf } from "./zone.ts";

/** Adds the daily slots of the stretch to `found`. */
export function dailySlots(
  tenant: TenantId,
  { plan, timeZone }: TenantSchedule,
  { afterMs, upToMs, most }: Stretch,
  found: Slot[],
): void {
  const window = plan.schedules.daily;
  if (window === null) return;
  const startMs = startOf(tenant, "daily", window, dayMs);
  const zone = zoneOf(timeZone);
  const before = Math.floor((zone.shown(afterMs) - startMs) / dayMs);
  const last = Math.floor((zone.shown(upToMs) - startMs) / dayMs);
  for (let day = last; day > Math.max(before, last - most); day -= 1) {
    found.push(slotOf(tenant, "daily", day, zone.firstShown(day * dayMs + startMs)));
  }
}

/** Adds the weekly slots of the stretch to `found`. */
export function weeklySlots(
  tenant: TenantId,
  { plan, timeZone }: TenantSchedule,
  { afterMs, upToMs, most }: Stretch,
  found: Slot[],
): void {
  const window = plan.schedules.weekly;
  if (window === null) return;
  const startMs = weekdays[window.on] * dayMs + startOf(tenant, "weekly", window, weekMs);
  const zone = zoneOf(timeZone);
  const before = Math.floor((zone.shown(afterMs) - startMs) / weekMs);
  const last = Math.floor((zone.shown(upToMs) - startMs) / weekMs);
  for (let week = last; week > Math.max(before, last - most); week -= 1) {
    const at = zone.firstShown(week * weekMs + startMs);
    found.push(slotOf(tenant, "weekly", week * 7 + weekdays[window.on], at));
  }
}

const weekMs = 7 * dayMs;

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
