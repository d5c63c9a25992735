/**
 * The scheduler: each beat hands out what has become due since the last one. The truth is the watermark in the
 * catalog and its clock (trap 37), so that any number of daemons may beat at any time, be down, or come back:
 * a slot is handed out once, whoever sees it first.
 */
import type { Waiting } from "../base/waiting.ts";
import type { Catalog, EnqueueSlots } from "../catalog/catalog.ts";
import { type BackupKind, backupKinds } from "../model/glossary.ts";
import type { TenantId } from "../model/ids.ts";
import type { Plan } from "../model/plan.ts";
import type { Slot, TenantChoice, TenantSchedule } from "../model/schedule.ts";
import { newestDue, newestPerKind, type Span } from "../model/schedule/due.ts";
import { bySlotTime } from "../model/schedule/slots-in.ts";
import type { Tell } from "../telemetry/event.ts";
import { createQuietTimes } from "./quiet-times.ts";

/** What is scheduled; the tenant's own choice is in the catalog. */
export interface ScheduledTenant {
  readonly id: TenantId;
  readonly plan: Plan;
  readonly timeZone: string;
}

export interface SchedulerParts {
  readonly catalog: Pick<Catalog, "now" | "choices" | "slots">;
  /** Puts slots into the queue, in the transaction that remembers them. */
  readonly enqueue: EnqueueSlots;
  readonly tell: Tell;
}

export interface Scheduler {
  /**
   * One beat over the tenants there are now. Resolves with the slots that nobody had handed out before. When it
   * fails nothing of it happened, and the next beat makes up for it. Not to be called while one is under way.
   */
  beat(tenants: Iterable<ScheduledTenant>, wait: Waiting): Promise<readonly Slot[]>;
}

/**
 * A clock that goes back by no more has its slots remembered, so that none of the time it shows twice is done twice. One
 * that goes back farther was wrong before or is now: what it handed out of days that are yet to come would be left out
 * when they come, and what came meanwhile has been left out. Whether a slot has its backup already is asked anyway.
 */
const relivedMsMax = 3_600_000;

export function createScheduler({ catalog, enqueue, tell }: SchedulerParts): Scheduler {
  /** As of the last beat that went well. */
  let known: ReadonlyMap<TenantId, ScheduledTenant> = new Map();
  let beatAt: Date | null = null;
  const quiet = createQuietTimes();
  return {
    beat: async (all, wait) => {
      const { slots } = catalog;
      // In this order: a watermark that another daemon moves meanwhile would otherwise look ahead of the clock.
      const watermark = await slots.watermark(wait);
      const now = await catalog.now(wait);
      const aheadMs = watermark === null ? 0 : Math.max(0, watermark.getTime() - now.getTime());
      const span: Span = { after: aheadMs > 0 ? now : earlier(watermark ?? now, beatAt), upTo: now };
      const choices = await catalog.choices.all(wait);
      const tenants = [...all];
      const isBack = aheadMs > relivedMsMax;
      if (isBack) await slots.forgetAfter(new Date(now.getTime() + relivedMsMax), wait);
      const altered = alterations(tenants, isBack ? new Map() : known);
      const owed =
        watermark === null || altered.length === 0
          ? null
          : owedTo(altered, await slots.newest(wait), choices, span.after);
      const due: Slot[] = [];
      for (const tenant of tenants) {
        const found = quiet.newestDue(tenant.id, scheduleOf(tenant, choices), span);
        const before = owed?.get(tenant.id);
        if (before !== undefined) due.push(...newestPerKind([...before, ...found]));
        else if (found.length > 0) due.push(...found);
      }
      const fresh = await slots.handOut(due, now, enqueue, wait);
      beatAt = now;
      if (altered.length > 0 || tenants.length !== known.size) {
        known = new Map(tenants.map((tenant) => [tenant.id, tenant]));
        quiet.keepOnly(known);
      }
      // Once it is pulled back, so that a beat that fails does not tell it again and again.
      if (aheadMs > 0) tell({ kind: "watermark-ahead", aheadMs });
      return fresh;
    },
  };
}

/**
 * The watermark may have been moved past a slot by a daemon that does not know its tenant, or holds it to other times;
 * what others handed out since our own last beat the catalog knows by its keys.
 */
function earlier(watermark: Date, beatAt: Date | null): Date {
  return beatAt !== null && beatAt < watermark ? beatAt : watermark;
}

function scheduleOf(
  { id, plan, timeZone }: ScheduledTenant,
  choices: ReadonlyMap<TenantId, TenantChoice>,
): TenantSchedule {
  return { plan, timeZone, choice: choices.get(id) ?? null };
}

interface Alteration {
  readonly tenant: ScheduledTenant;
  /** Of which what was missed is made up for. */
  readonly kinds: readonly BackupKind[];
}

/**
 * Tenants that the last beat did not know, or knew under another plan. The watermark says nothing about them: a
 * start that moved to before it would be left out for a day or a week, and so would what was missed by a tenant
 * that was found only some beats after a restart. Who makes another choice is shown what comes next, and gets that.
 */
function alterations(
  tenants: readonly ScheduledTenant[],
  known: ReadonlyMap<TenantId, ScheduledTenant>,
): readonly Alteration[] {
  const found: Alteration[] = [];
  for (const tenant of tenants) {
    const before = known.get(tenant.id);
    if (before === undefined) found.push({ tenant, kinds: backupKinds });
    else if (before.plan !== tenant.plan || before.timeZone !== tenant.timeZone) {
      found.push({ tenant, kinds: ["daily", "weekly"] });
    }
  }
  return found;
}

/**
 * The newest slots by today's schedule that lie between the newest ones handed out and the watermark; a tenant
 * that was never handed any is new, and nothing of its past is due. Slots handed out already are among them
 * where a window moved to later; the catalog knows them by their keys.
 */
function owedTo(
  altered: readonly Alteration[],
  newest: readonly Slot[],
  choices: ReadonlyMap<TenantId, TenantChoice>,
  upTo: Date,
): ReadonlyMap<TenantId, readonly Slot[]> {
  const handedOut = Map.groupBy(newest, ({ tenant }) => tenant);
  const owed = new Map<TenantId, readonly Slot[]>();
  for (const { tenant, kinds } of altered) {
    const own = handedOut.get(tenant.id) ?? [];
    const slots = kinds.flatMap((kind) => {
      // A tenant that had none of this kind yet was there when it had one of another.
      const last = own.find((slot) => slot.kind === kind) ?? own.toSorted(bySlotTime).at(-1);
      if (last === undefined) return [];
      const missed = newestDue(tenant.id, scheduleOf(tenant, choices), { after: new Date(last.at), upTo });
      return missed.filter((slot) => slot.kind === kind);
    });
    if (slots.length > 0) owed.set(tenant.id, slots);
  }
  return owed;
}
