/** A clock that somebody sets while a verb works, at any of its readings, and what is then dated by it. */
import type { Clock } from "../../src/base/clock.ts";
import { z } from "zod";
import { clockToleranceMs } from "../../src/model/clock-tolerance.ts";
import type { MemoryStore } from "./memory-store.ts";

const offMs = 3 * 3_600_000;

/** From its `at`th reading on, or in that one alone, off by so much. */
export class SetClock implements Clock {
  readonly #right: Clock;
  readonly #at: number;
  readonly #byMs: number;
  readonly #isBrief: boolean;
  readings = 0;

  constructor(
    right: Clock,
    setting: { readonly at: number; readonly byMs: number; readonly isBrief: boolean },
  ) {
    this.#right = right;
    this.#at = setting.at;
    this.#byMs = setting.byMs;
    this.#isBrief = setting.isBrief;
  }

  now(): Date {
    const isOff = this.#isBrief ? this.readings === this.#at : this.readings >= this.#at;
    this.readings += 1;
    return new Date(this.#right.now().getTime() + (isOff ? this.#byMs : 0));
  }
}

/** Set by hours either way, for good or briefly, at the first reading, at the second, and so on until a run has had no more. */
export function* everySetting(right: Clock): Generator<SetClock> {
  for (let at = 0; ; at += 1) {
    let isReached = false;
    for (const byMs of [offMs, -offMs]) {
      for (const isBrief of [false, true]) {
        const clock = new SetClock(right, { at, byMs, isBrief });
        yield clock;
        isReached ||= clock.readings > at;
      }
    }
    if (!isReached) return;
  }
}

const dated = z.object({ at: z.iso.datetime().optional(), createdAt: z.iso.datetime().optional() });

/** The signed documents that came to a store since it was as `before`, and are dated farther off than clocks may be apart. */
export function misdated(
  store: MemoryStore,
  before: MemoryStore | undefined,
  right: Clock,
): readonly string[] {
  const old = new Set<string>(before?.keys());
  return store.keys().filter((key) => {
    if (old.has(key) || !key.endsWith(".jws")) return false;
    const payload = store.bodyOf(key).toString("latin1").split(".")[1] ?? "";
    const { at, createdAt } = dated.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
    return !(Math.abs(Date.parse(at ?? createdAt ?? "") - right.now().getTime()) <= clockToleranceMs);
  });
}
