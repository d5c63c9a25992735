/** Whether a tenant's choice lies within the bounds of its plan. */
import { spell } from "../duration.ts";
import type { Plan } from "../plan.ts";
import type { TenantChoice } from "../schedule.ts";
import { isWithin, lengthMs } from "./hours.ts";
import { dayMs, hourMs, timeOfDayMs } from "./local-time.ts";

/** What is wrong with the choice, each as half a sentence; empty when the plan allows it. */
export function checkChoice(choice: TenantChoice, plan: Plan): readonly string[] {
  const bounds = plan.tenantChoice;
  if (bounds === null) return ["the plan leaves nothing to choose"];
  switch (choice.kind) {
    case "at":
      return timeProblems(choice.times, bounds);
    case "every":
      return intervalProblems(choice.everyMs, bounds);
  }
}

/** The bounds in words; null when there is nothing to choose. */
export function spellBounds({ tenantChoice }: Plan): string | null {
  if (tenantChoice === null) return null;
  const { minInterval, maxPerDay, allowedHours } = tenantChoice;
  const hours = lengthMs(allowedHours) === dayMs ? "at any hour" : `from ${spellHours(allowedHours)}`;
  return `at least ${spell(minInterval)} apart, at most ${String(maxPerDay)} a day, ${hours}`;
}

type Bounds = NonNullable<Plan["tenantChoice"]>;

function timeProblems(times: readonly string[], { minInterval, maxPerDay, allowedHours }: Bounds): string[] {
  const problems: string[] = [];
  const sorted = [...new Set(times)].toSorted();
  if (sorted.length < times.length) problems.push("a time is named twice");
  if (sorted.length > maxPerDay) {
    problems.push(`${String(sorted.length)} times a day are more than ${String(maxPerDay)}`);
  }
  for (const time of sorted) {
    if (!isWithin(allowedHours, timeOfDayMs(time)))
      problems.push(`${time} is outside of ${spellHours(allowedHours)}`);
  }
  for (const [index, time] of sorted.entries()) {
    // The last of a day is followed by the first of the next; one alone by itself.
    const next = sorted[(index + 1) % sorted.length] ?? time;
    const apart = (timeOfDayMs(next) - timeOfDayMs(time) + dayMs) % dayMs || dayMs;
    if (apart < minInterval)
      problems.push(`from ${time} to ${next} is ${spell(apart)}, less than ${spell(minInterval)}`);
  }
  return problems;
}

function intervalProblems(everyMs: number, { minInterval, maxPerDay, allowedHours }: Bounds): string[] {
  const problems: string[] = [];
  if (everyMs % 1000 !== 0) problems.push("an interval must be whole seconds");
  if (everyMs < minInterval)
    problems.push(`every ${spell(everyMs)} is more often than every ${spell(minInterval)}`);
  if (everyMs > intervalMaxMs)
    problems.push(`every ${spell(everyMs)} is less often than every ${spell(intervalMaxMs)}`);
  const openMs = lengthMs(allowedHours);
  const perDay = Math.ceil(openMs / everyMs);
  if (perDay > maxPerDay)
    problems.push(`every ${spell(everyMs)} is up to ${String(perDay)} a day, more than ${String(maxPerDay)}`);
  // Elapsed time drifts against the hours of the day and a change of the clock shifts it, so a longer one could
  // miss the allowed hours for weeks.
  const longest = openMs - hourMs;
  if (openMs < dayMs && everyMs > longest) {
    const advice =
      longest > 0 ? `an interval must not exceed ${spell(longest)}` : "there is no room for an interval";
    problems.push(`${advice} within ${spellHours(allowedHours)}, choose times of the day`);
  }
  return problems;
}

const intervalMaxMs = 31 * dayMs;

function spellHours({ from, to }: Bounds["allowedHours"]): string {
  return `${from} to ${to}`;
}
