import { expectedIntervalMs } from "../plan.ts";
import type { TenantChoice, TenantSchedule } from "../schedule.ts";
import { checkChoice } from "./check-choice.ts";
import { lengthMs } from "./hours.ts";
import { dayMs, timeOfDayMs } from "./local-time.ts";

/**
 * The interval in milliseconds within which a new backup is expected, from plan and choice together; null when
 * neither schedules any. A choice that the plan does not allow is left out, as it is of the slots.
 */
export function expectedIntervalOf({ plan, choice }: Pick<TenantSchedule, "plan" | "choice">): number | null {
  const planned = expectedIntervalMs(plan);
  const bounds = plan.tenantChoice;
  if (choice === null || bounds === null || checkChoice(choice, plan).length > 0) return planned;
  const closedMs = dayMs - lengthMs(bounds.allowedHours);
  return Math.min(planned ?? Infinity, longestOf(choice, closedMs));
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
