/** Plans, tenants and clocks for tests of what is due. */
import { tenantId, type TenantId } from "../../src/model/ids.ts";
import { plan, type Plan } from "../../src/model/plan.ts";
import type { TenantChoice, TenantSchedule } from "../../src/model/schedule.ts";

export const acme: TenantId = tenantId.parse("acme");

interface Wish {
  readonly daily?: { readonly from: string; readonly spread: string } | null;
  readonly weekly?: { readonly from: string; readonly spread: string; readonly on: string } | null;
  readonly tenantChoice?: {
    readonly minInterval: string;
    readonly maxPerDay: number;
    readonly allowedHours: { readonly from: string; readonly to: string };
  } | null;
}

/** A plan as its file would have it; nothing is scheduled and nothing to choose unless wished for. */
export function planOf({ daily = null, weekly = null, tenantChoice = null }: Wish): Plan {
  return plan.parse({
    version: 1,
    title: "Test",
    schedules: { daily, weekly },
    tenantChoice,
    copies: { count: 1, quorum: 1 },
    residency: "any",
    retention: { daily: 7, weekly: 4, monthly: 3, yearly: 0, lock: null, pruneShareMax: 0.3 },
    verification: { everyCopyWithin: "7d", indexes: "never" },
    objectives: { recoveryPoint: "26h", recoveryTime: "8h" },
  });
}

/** Everything may be chosen. */
export const freely = {
  minInterval: "15m",
  maxPerDay: 96,
  allowedHours: { from: "00:00", to: "23:59" },
} as const;

export function scheduleOf(wish: Wish, timeZone: string, choice: TenantChoice | null = null): TenantSchedule {
  return { plan: planOf(wish), timeZone, choice };
}

/** The span between two instants such as `2026-10-25T00:00Z`. */
export function between(after: string, upTo: string): { readonly after: Date; readonly upTo: Date } {
  return { after: new Date(after), upTo: new Date(upTo) };
}
