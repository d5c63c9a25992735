/** Hours of the day in which a tenant's own backups may start. */
import { dayMs, minuteMs, timeOfDayMs } from "./local-time.ts";

/** Both ends belong to it, the minute `to` whole; past midnight when `to` is before `from`; equal ends are the whole day. */
export interface Hours {
  readonly from: string;
  readonly to: string;
}

/** Whether a time of day (milliseconds after midnight) is inside. */
export function isWithin({ from, to }: Hours, timeMs: number): boolean {
  const [first, last] = [timeOfDayMs(from), timeOfDayMs(to)];
  if (first === last) return true;
  return first < last
    ? timeMs >= first && timeMs < last + minuteMs
    : timeMs >= first || timeMs < last + minuteMs;
}

/** How long they are; a whole day has 24 h. */
export function lengthMs({ from, to }: Hours): number {
  if (from === to) return dayMs;
  return ((timeOfDayMs(to) - timeOfDayMs(from) + dayMs) % dayMs) + minuteMs;
}
