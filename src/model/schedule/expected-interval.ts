import type { BackupKind } from "../glossary.ts";
import { expectedIntervalMs } from "../plan.ts";
import type { TenantChoice, TenantSchedule } from "../schedule.ts";
import { checkChoice } from "./check-choice.ts";
import { lengthMs } from "./hours.ts";
import { dayMs, timeOfDayMs } from "./local-time.ts";

/**
 * The interval in milliseconds within which a new backup is expected, from plan and choice together; null when
 * neither schedules any. A choice that the plan does not allow is left out, as it is of the slots.
 */
export function expectedIntervalOf(schedule: Pick<TenantSchedule, "plan" | "choice">): number | null {
  const planned = expectedIntervalMs(schedule.plan);
  const chosen = chosenIntervalOf(schedule);
  return planned === null || chosen === null ? (planned ?? chosen) : Math.min(planned, chosen);
}

/**
 * The same for each kind by itself, as far as it is scheduled: dailies that go well say nothing of weeklies.
 */
export function expectedIntervalsOf(
  schedule: Pick<TenantSchedule, "plan" | "choice">,
): Readonly<Partial<Record<BackupKind, number>>> {
  const { daily, weekly } = schedule.plan.schedules;
  const customMs = chosenIntervalOf(schedule);
  return {
    ...(daily === null ? {} : { daily: dayMs }),
    ...(weekly === null ? {} : { weekly: 7 * dayMs }),
    ...(customMs === null ? {} : { custom: customMs }),
  };
}

function chosenIntervalOf({ plan, choice }: Pick<TenantSchedule, "plan" | "choice">): number | null {
  const bounds = plan.tenantChoice;
  if (choice === null || bounds === null || checkChoice(choice, plan).length > 0) return null;
  return longestOf(choice, dayMs - lengthMs(bounds.allowedHours));
}

/** The longest that two of the choice's slots are apart; `closedMs` of each day nothing starts. */
function longestOf(choice: TenantChoice, closedMs: number): number {
  switch (choice.kind) {
    case "every":
      return choice.everyMs + closedMs;
    case "at":
      return longestBetween(choice.times.map(timeOfDayMs).sort((one, other) => one - other));
  }
}

/** Between neighbours of each day's times, the last and the next day's first included. */
function longestBetween(times: readonly number[]): number {
  const [first = 0] = times;
  return Math.max(...times.map((time, index) => (times[index + 1] ?? first + dayMs) - time));
}
