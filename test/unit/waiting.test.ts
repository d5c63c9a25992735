/** A wait that outlasts another ends for the other's reason, in its own time, and leaves nothing running. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { outlasting } from "../../src/base/waiting.ts";

const reason = new Failure("source/lost", "gone");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a wait that outlasts another", () => {
  it.each(["before", "after"])(
    "ends so long behind one that ended %s it began, for the same reason",
    (when) => {
      const stop = new AbortController();
      if (when === "before") stop.abort(reason);
      using longer = outlasting(stop, 1000);
      if (when === "after") stop.abort(reason);
      vi.advanceTimersByTime(999);
      expect(longer.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(longer.signal.reason).toBe(reason);
    },
  );

  it("never ends when it was disposed of, and keeps no timer", () => {
    const stop = new AbortController();
    const longer = outlasting(stop, 1000);
    stop.abort(reason);
    longer[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    expect(longer.signal.aborted).toBe(false);
  });
});
