/** The slots that a tenant chose within its plan. */
import type { TenantId } from "../ids.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { checkChoice } from "./check-choice.ts";
import { isWithin } from "./hours.ts";
import { dayMs, spellLocal, timeOfDayMs } from "./local-time.ts";
import { spreadMs } from "./spread.ts";
import type { Stretch } from "./stretch.ts";
import { zoneOf } from "./zone.ts";

/**
 * Adds the tenant's own slots of the stretch to `found`. A choice that the plan does not allow, or
 * no longer, has none: the plan may have changed since it was made.
 */
export function chosenSlots(
  tenant: TenantId,
  schedule: TenantSchedule,
  stretch: Stretch,
  found: Slot[],
): void {
  if (schedule.choice === null) return;
  switch (schedule.choice.kind) {
    case "at":
      return slotsAt(tenant, schedule, schedule.choice.times, stretch, found);
    case "every":
      return slotsEvery(tenant, schedule, schedule.choice.everyMs, stretch, found);
  }
}

/** Local times of each day, exactly: whoever names a time means it. */
function slotsAt(
  tenant: TenantId,
  schedule: TenantSchedule,
  times: readonly string[],
  { afterMs, upToMs, most }: Stretch,
  found: Slot[],
): void {
  const zone = zoneOf(schedule.timeZone);
  const [shownAfter, shownUpTo] = [zone.shown(afterMs), zone.shown(upToMs)];
  for (const time of times) {
    const startMs = timeOfDayMs(time);
    const before = Math.floor((shownAfter - startMs) / dayMs);
    const last = Math.floor((shownUpTo - startMs) / dayMs);
    for (let day = last; day > Math.max(before, last - most); day -= 1) {
      if (!isAllowed(schedule)) return;
      const localMs = day * dayMs + startMs;
      found.push(slotOf(tenant, localMs, "", zone.firstShown(localMs)));
    }
  }
}

/**
 * Elapsed time since 1970, which no change of the clock stretches or shrinks, shifted by the tenant's place in
 * the interval. An hour that comes twice has two slots, of which the second bears a mark.
 */
function slotsEvery(
  tenant: TenantId,
  schedule: TenantSchedule,
  everyMs: number,
  { afterMs, upToMs, most }: Stretch,
  found: Slot[],
): void {
  const phaseMs = spreadMs(tenant, "custom", everyMs);
  const before = Math.floor((afterMs - phaseMs) / everyMs);
  const last = Math.floor((upToMs - phaseMs) / everyMs);
  const hours = schedule.plan.tenantChoice?.allowedHours;
  if (before === last || hours === undefined || !isAllowed(schedule)) return;
  const zone = zoneOf(schedule.timeZone);
  let more = most;
  for (let step = last; step > before && more > 0; step -= 1) {
    const atMs = phaseMs + step * everyMs;
    const localMs = zone.local(atMs);
    if (!isWithin(hours, ((localMs % dayMs) + dayMs) % dayMs)) continue;
    found.push(slotOf(tenant, localMs, localMs < zone.shown(atMs) ? "/again" : "", atMs));
    more -= 1;
  }
}

function isAllowed({ choice, plan }: TenantSchedule): boolean {
  return choice !== null && checkChoice(choice, plan).length === 0;
}

function slotOf(tenant: TenantId, localMs: number, mark: string, atMs: number): Slot {
  return {
    tenant,
    kind: "custom",
    key: `${tenant}/custom/${spellLocal(localMs)}${mark}`,
    at: `${spellLocal(atMs)}Z`,
  };
}
