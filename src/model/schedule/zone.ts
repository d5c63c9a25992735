/**
 * The local clock of a time zone as the schedule needs it. Local times are milliseconds since 1970 as that
 * clock shows them, so that days and times of day are plain arithmetic. Everything rests on one function that
 * never goes back, though the clock does: the latest local time that it has *shown so far*. A local time is
 * due at the first instant by which the clock has shown it or more, which is what people expect of both
 * changes: a time that a change skips is due right after the gap, one that comes twice is due once, the first time.
 */
import { Temporal } from "temporal-polyfill";

export interface Zone {
  /** What the clock shows at an instant. */
  local(atMs: number): number;
  /** The latest local time that the clock has shown at or before an instant. */
  shown(atMs: number): number;
  /** The first instant by which the clock has shown that local time or a later one. */
  firstShown(localMs: number): number;
}

const zones = new Map<string, Zone>();

/** The zone of that name, which must be one; made once, since asking the time zone database is slow. */
export function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const made = makeZone(timeZone);
  zones.set(timeZone, made);
  return made;
}

/** A span in which the clock runs evenly. */
interface Span {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly offsetMs: number;
  /** What the clock had shown just before the span. */
  readonly shownBefore: number;
}

function makeZone(timeZone: string): Zone {
  /** Side by side, in order. */
  const spans: Span[] = [];
  let last: Span | undefined;

  function spanAt(atMs: number): Span {
    if (last !== undefined && atMs >= last.fromMs && atMs < last.toMs) return last;
    last = find(atMs);
    return last;
  }

  function find(atMs: number): Span {
    let first = spans.at(0);
    if (first === undefined) {
      first = spanFrom(startBefore(timeZone, atMs + 1), timeZone);
      spans.push(first);
    }
    while (atMs < first.fromMs) {
      first = spanFrom(startBefore(timeZone, first.fromMs), timeZone);
      spans.unshift(first);
    }
    let end = spans.at(-1) ?? first;
    while (atMs >= end.toMs) {
      end = spanFrom(end.toMs, timeZone);
      spans.push(end);
    }
    return spans.findLast((span) => span.fromMs <= atMs) ?? first;
  }

  return {
    local: (atMs) => atMs + spanAt(atMs).offsetMs,
    shown: (atMs) => {
      const span = spanAt(atMs);
      return Math.max(atMs + span.offsetMs, span.shownBefore);
    },
    firstShown: (localMs) => {
      let span = last;
      if (span === undefined || localMs <= span.shownBefore) span = spanAt(localMs - offsetMaxMs);
      while (localMs - span.offsetMs >= span.toMs) span = spanAt(span.toMs);
      return Math.max(span.fromMs, localMs - span.offsetMs);
    },
  };
}

/** No clock was ever further from UTC, the days that Samoa and Manila skipped included. */
const offsetMaxMs = 36 * 3_600_000;
/** Where the database knows no change it is asked again after so long: what it looks ahead is limited. */
const spanMaxMs = 366 * 86_400_000;

/** The last change before an instant, or an instant well before it when there is none near. */
function startBefore(timeZone: string, atMs: number): number {
  const change = zonedAt(timeZone, atMs).getTimeZoneTransition("previous")?.epochMilliseconds;
  return Math.max(change ?? -Infinity, atMs - spanMaxMs);
}

function spanFrom(fromMs: number, timeZone: string): Span {
  const zoned = zonedAt(timeZone, fromMs);
  const change = zoned.getTimeZoneTransition("next")?.epochMilliseconds;
  return {
    fromMs,
    toMs: Math.min(change ?? Infinity, fromMs + spanMaxMs),
    offsetMs: zoned.offsetNanoseconds / 1e6,
    shownBefore: fromMs - 1 + zonedAt(timeZone, fromMs - 1).offsetNanoseconds / 1e6,
  };
}

function zonedAt(timeZone: string, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
}
