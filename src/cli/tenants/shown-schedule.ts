/** A tenant's schedule as `holdfast tenants schedule` shows it. */
import type { Tenant } from "../../config/config.ts";
import { spell } from "../../model/duration.ts";
import type { BackupKind } from "../../model/glossary.ts";
import type { Plan } from "../../model/plan.ts";
import type { TenantChoice } from "../../model/schedule.ts";
import { checkChoice, spellBounds } from "../../model/schedule/check-choice.ts";
import { spellChoice } from "../../model/schedule/choice-text.ts";
import { expectedIntervalOf } from "../../model/schedule/expected-interval.ts";
import { spellInZone } from "../../model/schedule/local-time.ts";
import { nextSlots } from "../../model/schedule/next.ts";
import { table } from "../frame/text.ts";

interface Window {
  readonly from: string;
  readonly spreadSeconds: number;
}

export interface ShownSchedule {
  readonly tenant: string;
  readonly plan: string;
  readonly timeZone: string;
  readonly daily: Window | null;
  readonly weekly: (Window & { readonly on: string }) | null;
  /** What the plan lets the tenant choose; null: nothing. */
  readonly bounds: {
    readonly minIntervalSeconds: number;
    readonly maxPerDay: number;
    readonly allowedHours: { readonly from: string; readonly to: string };
  } | null;
  readonly choice:
    | { readonly kind: "at"; readonly times: readonly string[] }
    | { readonly kind: "every"; readonly seconds: number }
    | null;
  /** Why the choice has no effect; empty when it has, or when there is none. */
  readonly problems: readonly string[];
  /** Within which a new backup is expected; null when none is scheduled. */
  readonly expectedIntervalSeconds: number | null;
  readonly preview: readonly {
    readonly kind: BackupKind;
    readonly at: string;
    /** The same instant by the tenant's clock. */
    readonly local: string;
  }[];
}

export function shownSchedule(
  { id, plan, planName, timeZone }: Tenant,
  choice: TenantChoice | null,
  now: Date,
  count: number,
): ShownSchedule {
  const { daily, weekly } = plan.schedules;
  const expectedMs = expectedIntervalOf({ plan, choice });
  return {
    tenant: id,
    plan: planName,
    timeZone,
    daily: daily === null ? null : windowOf(daily),
    weekly: weekly === null ? null : { on: weekly.on, ...windowOf(weekly) },
    bounds: boundsOf(plan),
    choice: choice?.kind === "every" ? { kind: "every", seconds: choice.everyMs / 1000 } : choice,
    problems: choice === null ? [] : checkChoice(choice, plan),
    expectedIntervalSeconds: expectedMs === null ? null : expectedMs / 1000,
    preview: nextSlots(id, { plan, timeZone, choice }, now, count).map(({ kind, at }) => ({
      kind,
      at,
      local: spellInZone(new Date(at), timeZone),
    })),
  };
}

/** The same for people. */
export function scheduleText(shown: ShownSchedule, { plan }: Tenant, choice: TenantChoice | null): string {
  const { daily, weekly, expectedIntervalSeconds, preview } = shown;
  const bounds = spellBounds(plan);
  const lines = [
    `${shown.tenant}: plan ${shown.plan}, times of ${shown.timeZone}`,
    `  daily       ${daily === null ? "none" : windowText(daily)}`,
    `  weekly      ${weekly === null ? "none" : `${weekly.on} ${windowText(weekly)}`}`,
    `  own choice  ${choice === null ? "none" : spellChoice(choice)}${shown.problems.length > 0 ? ", without effect" : ""}`,
    `  may choose  ${bounds === null ? "nothing" : `backups ${bounds}`}`,
    `  expected    ${expectedIntervalSeconds === null ? "no backup" : `a backup within ${spell(expectedIntervalSeconds * 1000)}`}`,
  ];
  if (preview.length === 0) return lines.join("\n");
  const rows = preview.map(({ kind, at, local }) => [local, at, kind]);
  return [...lines, "", table(["next, local", "UTC", "kind"], rows)].join("\n");
}

function windowOf({ from, spread }: { readonly from: string; readonly spread: number }): Window {
  return { from, spreadSeconds: spread / 1000 };
}

function windowText({ from, spreadSeconds }: Window): string {
  return `from ${from}, starts spread over ${spell(spreadSeconds * 1000)}`;
}

function boundsOf({ tenantChoice }: Plan): ShownSchedule["bounds"] {
  if (tenantChoice === null) return null;
  const { minInterval, maxPerDay, allowedHours } = tenantChoice;
  return { minIntervalSeconds: minInterval / 1000, maxPerDay, allowedHours };
}
