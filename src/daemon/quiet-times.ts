/**
 * What is due of thousands of tenants every few seconds, when nearly always nothing is: of each tenant it is remembered
 * from when until when its schedule has no slot. That is a fact about the schedule alone, hence it stays true
 * whatever becomes of a beat, and clocks and watermarks that go back only make it be worked out again.
 */
import type { TenantId } from "../model/ids.ts";
import type { Plan } from "../model/plan.ts";
import type { Slot, TenantChoice, TenantSchedule } from "../model/schedule.ts";
import { newestDue, type Span } from "../model/schedule/due.ts";
import { slotsIn } from "../model/schedule/slots-in.ts";

export interface QuietTimes {
  /** What `newestDue` says of the span. */
  newestDue(tenant: TenantId, schedule: TenantSchedule, span: Span): readonly Slot[];
  /** Forgets tenants that are not among these. */
  keepOnly(tenants: ReadonlyMap<TenantId, unknown>): void;
}

/** No slot after `fromMs` and before `untilMs`. */
interface Quiet {
  readonly plan: Plan;
  readonly timeZone: string;
  readonly choice: TenantChoice | null;
  readonly fromMs: number;
  readonly untilMs: number;
}

export function createQuietTimes(): QuietTimes {
  const known = new Map<TenantId, Quiet>();
  return {
    newestDue: (tenant, schedule, span) => {
      const [afterMs, upToMs] = [span.after.getTime(), span.upTo.getTime()];
      const quiet = known.get(tenant);
      if (quiet !== undefined && afterMs >= quiet.fromMs && upToMs < quiet.untilMs && isOf(quiet, schedule)) {
        return [];
      }
      known.set(tenant, quietFrom(upToMs, tenant, schedule));
      return newestDue(tenant, schedule, span);
    },
    keepOnly: (tenants) => {
      if (known.size <= tenants.size) return;
      for (const tenant of known.keys()) if (!tenants.has(tenant)) known.delete(tenant);
    },
  };
}

/** Long enough that the work is rare, short enough that few slots lie within. */
const lookAheadMs = 3_600_000;

function quietFrom(fromMs: number, tenant: TenantId, schedule: TenantSchedule): Quiet {
  const upToMs = fromMs + lookAheadMs;
  const slots = slotsIn(tenant, schedule, { afterMs: fromMs, upToMs, most: Infinity });
  const untilMs = Math.min(upToMs, ...slots.map(({ at }) => Date.parse(at)));
  return { ...schedule, fromMs, untilMs };
}

function isOf(quiet: Quiet, { plan, timeZone, choice }: TenantSchedule): boolean {
  return quiet.plan === plan && quiet.timeZone === timeZone && isSame(quiet.choice, choice);
}

/** The catalog hands out new objects every time. */
function isSame(one: TenantChoice | null, other: TenantChoice | null): boolean {
  if (one === other) return true;
  if (one === null || other === null) return false;
  if (one.kind === "every") return other.kind === "every" && one.everyMs === other.everyMs;
  return other.kind === "at" && one.times.join() === other.times.join();
}
