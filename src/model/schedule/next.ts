/** What comes next, for people to look at before it happens. */
import type { TenantId } from "../ids.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { dayMs } from "./local-time.ts";
import { bySlotTime, slotsIn } from "./slots-in.ts";

/** The first `count` slots after `from`, in order of time; fewer only where nothing is scheduled. */
export function nextSlots(
  tenant: TenantId,
  schedule: TenantSchedule,
  from: Date,
  count: number,
): readonly Slot[] {
  const everyMs = schedule.choice?.kind === "every" ? schedule.choice.everyMs : 0;
  // Long enough for a slot of anything that is scheduled at all: a week and what changes of the clock add.
  const stepMs = Math.max(8 * dayMs, everyMs);
  const found: Slot[] = [];
  let afterMs = from.getTime();
  while (found.length < count) {
    const more = slotsIn(tenant, schedule, { afterMs, upToMs: afterMs + stepMs, most: Infinity });
    if (more.length === 0) break;
    found.push(...more.sort(bySlotTime));
    afterMs += stepMs;
  }
  return found.slice(0, count);
}
