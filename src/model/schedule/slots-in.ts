/** All kinds of slots of one tenant between two instants, and their order. */
import type { TenantId } from "../ids.ts";
import { compareInstants } from "../instant.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { chosenSlots } from "./chosen.ts";
import type { Stretch } from "./stretch.ts";
import { dailySlots, weeklySlots } from "./window.ts";

/** All that the stretch holds, in no order; a new array at every call. */
export function slotsIn(tenant: TenantId, schedule: TenantSchedule, stretch: Stretch): Slot[] {
  const found: Slot[] = [];
  dailySlots(tenant, schedule, stretch, found);
  weeklySlots(tenant, schedule, stretch, found);
  chosenSlots(tenant, schedule, stretch, found);
  return found;
}

/** Two times that one gap skips are due at one instant; the order of their keys is that of their local times. */
export function bySlotTime(one: Slot, other: Slot): number {
  return compareInstants(one.at, other.at) || (one.key < other.key ? -1 : Number(one.key > other.key));
}
