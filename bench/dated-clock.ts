import type { Clock } from "../src/base/clock.ts";

/** A clock that runs as the machine's does, from whatever time it was set to. */
export class DatedClock implements Clock {
  #aheadMs = 0;

  set(at: Date): void {
    this.#aheadMs = at.getTime() - Date.now();
  }

  now(): Date {
    return this.fromReal(new Date());
  }

  /** What this clock showed when the machine's showed `real`. */
  fromReal(real: Date): Date {
    return new Date(real.getTime() + this.#aheadMs);
  }
}
