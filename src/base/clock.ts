/** Time is an argument: nothing below `main` asks the machine for it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands where it is put; for tests and simulations. */
export class ManualClock implements Clock {
  #at: Date;

  constructor(at: Date) {
    this.#at = at;
  }

  now(): Date {
    return new Date(this.#at);
  }

  advance(ms: number): void {
    this.#at = new Date(this.#at.getTime() + ms);
  }
}

/**
 * A clock that never shows more than it does now: for a judgement that takes time and in which later means less caution.
 * One that is set meanwhile, to either side, makes nothing older than it is.
 */
export function noLater(clock: Clock): Clock {
  const latestMs = clock.now().getTime();
  return { now: () => new Date(Math.min(latestMs, clock.now().getTime())) };
}

/** A clock that shows one time for ever: for who judges many documents, one after the other, by the same now. */
export function standingAt(at: Date): Clock {
  return { now: () => new Date(at) };
}

/** `20261121T013000Z`, the basic ISO form used in names of objects. */
export function compactUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

const named = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*$/s;

/** The time at the begin of such a name, `20261121T013000Z-frankfurt.jws`; null where it is none. */
export function timeOfName(name: string): Date | null {
  if (!named.test(name)) return null;
  const at = new Date(name.replace(named, "$1-$2-$3T$4:$5:$6.000Z"));
  return Number.isNaN(at.getTime()) ? null : at;
}
