/**
 * "Newest" is self-asserted, so clocks have to agree before anything is dated (trap 36): a source,
 * host or store more than five minutes off would shadow, or be shadowed by, every later backup.
 */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName } from "../model/ids.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import type { ObjectReader } from "../stores/store.ts";
import { askEach } from "./library.ts";

/**
 * Whether a stated time lies in the reader's future by more than clocks may differ: who wrote and who reads may each be
 * so far from the store's, one ahead of it and one behind.
 */
export function isFromFuture(instant: string, now: Date): boolean {
  return Date.parse(instant) - now.getTime() > 2 * clockToleranceMs;
}

/** Throws "store/clock" when the store's own clock and the host's are too far apart. */
export async function checkStoreClock(
  store: Pick<ObjectReader, "name" | "clock">,
  now: () => Date,
  wait: Waiting,
): Promise<void> {
  const before = now().getTime();
  const theirs = (await store.clock(wait)).getTime();
  const after = now().getTime();
  // The answer was made at some moment between the two readings of our clock.
  const apartMs = Math.max(before - theirs, theirs - after, 0);
  if (apartMs > clockToleranceMs) throw clockApart(store.name, apartMs);
}

/** How often stores that answer slowly are asked for their time. */
const asksMax = 3;

/**
 * This host's time, to date a signed statement with: the very reading that every one of `stores` that can tell the time
 * agrees with, or, where none of them can, every one of `instead`. A clock that is set after a look at it, or between two,
 * would otherwise date what is said then: it would outlive, or never outweigh, what others state. A store that cannot tell
 * the time, being full or closed to writes, is read as ever. Throws "store/clock".
 */
export async function rightTime(
  stores: readonly ObjectReader[],
  now: () => Date,
  wait: Waiting,
  instead: readonly ObjectReader[] = [],
): Promise<Date> {
  for (let asks = 1; ; asks += 1) {
    const at = now();
    const { answers } = await askEach(stores, (store) => store.clock(wait), wait);
    if (answers.size === 0 && instead.length > 0) return rightTime(instead, now, wait);
    const aheadMs = [...answers].map(([name, theirs]) => ({ name, ms: theirs.getTime() - at.getTime() }));
    const worst = aheadMs.toSorted((one, other) => Math.abs(other.ms) - Math.abs(one.ms))[0];
    if (worst === undefined || Math.abs(worst.ms) <= clockToleranceMs) return at;
    // Ahead of us by no more than their answer took.
    const isSlow = worst.ms > 0 && worst.ms - (now().getTime() - at.getTime()) <= clockToleranceMs;
    if (!isSlow || asks === asksMax) throw clockApart(worst.name, Math.abs(worst.ms));
  }
}

/**
 * As `checkStoreClock`, by an object that was written after `notBefore` and was listed by `now`: "store/clock" when the store dates
 * it otherwise.
 */
export function checkStoredAt(store: StoreName, storedAt: Date, notBefore: Date, now: Date): void {
  const apartMs = Math.max(notBefore.getTime() - storedAt.getTime(), storedAt.getTime() - now.getTime(), 0);
  if (apartMs > clockToleranceMs) throw clockApart(store, apartMs);
}

function clockApart(store: StoreName, apartMs: number): Failure {
  return new Failure("store/clock", `the clock of ${store} and this host's are ${spell(apartMs)} apart`);
}

export interface SourceTime {
  /** The source's clock in the snapshot. */
  readonly at: Date;
  /** The host's clock just before the snapshot was asked for, and just after it was there; waiting for locks lies between. */
  readonly askedAt: Date;
  readonly openedAt: Date;
  /** A standby's recovery point is the last replayed transaction, which may lie any time back. */
  readonly standby: boolean;
}

/** Throws "source/clock" when the source's clock and the host's are too far apart. */
export function checkSourceClock({ at, askedAt, openedAt, standby }: SourceTime): void {
  const aheadMs = at.getTime() - openedAt.getTime();
  if (aheadMs > clockToleranceMs) {
    throw new Failure("source/clock", `the source's clock is ${spell(aheadMs)} ahead of this host's`);
  }
  const behindMs = askedAt.getTime() - at.getTime();
  if (!standby && behindMs > clockToleranceMs) {
    throw new Failure("source/clock", `the source's clock is ${spell(behindMs)} behind this host's`);
  }
}
