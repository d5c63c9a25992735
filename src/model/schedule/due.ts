/**
 * Which backups are due. A slot is known by its key, whoever computes it and whenever: a daily or weekly one by
 * its local date, so that a window that moves neither doubles nor loses a day; a tenant's own by date and
 * time. All rules ask for the span between two instants, and what they find in two spans side by side is what
 * they find in both together.
 */
import type { BackupKind } from "../glossary.ts";
import type { TenantId } from "../ids.ts";
import type { Slot, TenantSchedule } from "../schedule.ts";
import { bySlotTime, slotsIn } from "./slots-in.ts";

/** Slots of `after < at <= upTo`. */
export interface Span {
  readonly after: Date;
  readonly upTo: Date;
}

/** Every slot of the span, in order of time; the work grows with the span. */
export function dueSlots(tenant: TenantId, schedule: TenantSchedule, { after, upTo }: Span): readonly Slot[] {
  const stretch = { afterMs: after.getTime(), upToMs: upTo.getTime(), most: Infinity };
  return slotsIn(tenant, schedule, stretch).sort(bySlotTime);
}

/** The newest slot of each kind in the span. Costs no more for a span of years than for one of days. */
export function newestDue(
  tenant: TenantId,
  schedule: TenantSchedule,
  { after, upTo }: Span,
): readonly Slot[] {
  const found = slotsIn(tenant, schedule, { afterMs: after.getTime(), upToMs: upTo.getTime(), most: 1 });
  return found.length > 1 ? newestPerKind(found) : found;
}

/** What is caught up: the newest of each kind, since the newest of all would swallow the weekly one (trap 37). */
export function newestPerKind(slots: readonly Slot[]): readonly Slot[] {
  const newest = new Map<BackupKind, Slot>();
  for (const slot of slots) {
    const other = newest.get(slot.kind);
    if (other === undefined || bySlotTime(other, slot) < 0) newest.set(slot.kind, slot);
  }
  return [...newest.values()];
}
