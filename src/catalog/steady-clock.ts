/** Time for who only measures how much of it passes. */
import { type Clock, systemClock } from "pg-boss";

/**
 * A clock of the queue's library that is never set: right when the process began, and from then on as time passes. By the
 * host's own one, set back by an hour while a job ran, the worker would look for the next job an hour later, and set back
 * by a month its timers, which cannot wait so long, would go off a thousand times a second until the month is over. What
 * is due is worked out by the database.
 */
export function steadyClock(monotonicMs: () => number): Clock {
  return { ...systemClock, now: () => performance.timeOrigin + monotonicMs() };
}
