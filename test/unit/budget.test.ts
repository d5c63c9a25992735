/** A budget serves in order, and who stops waiting holds nothing back. */
import { describe, expect, it } from "vitest";
import { Budget } from "../../src/base/limit.ts";

const never = { signal: new AbortController().signal };

describe("a budget", () => {
  it("gives what comes to a wait that is over to the next in line", async () => {
    const budget = new Budget(1);
    const giveBack = await budget.take(1, never);
    const cancelled = new AbortController();
    const left = budget.take(1, { signal: cancelled.signal });
    const next = budget.take(1, never);
    cancelled.abort();
    await expect(left).rejects.toMatchObject({ code: "wait/cancelled" });
    giveBack();
    (await next)();
  });

  it("gives nothing to a wait that is over already", async () => {
    const budget = new Budget(1);
    await expect(budget.take(1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "wait/cancelled",
    });
    (await budget.take(1, never))();
  });

  it("serves who waits once it has grown, and by its new size once it has shrunk", async () => {
    const budget = new Budget(2);
    const first = await budget.take(2, never);
    const second = budget.take(2, never);
    budget.resize(4);
    const giveBack = await second;
    budget.resize(1);
    // More than the whole is the whole, also when the whole was more as they came.
    const third = budget.take(3, never);
    let isServed = false;
    const served = third.then((release) => {
      isServed = true;
      return release;
    });
    first();
    await Promise.resolve();
    expect(isServed).toBe(false);
    giveBack();
    (await served)();
    expect(isServed).toBe(true);
  });

  it("gives at once what is free and what nobody waits for, and nothing else", async () => {
    const budget = new Budget(3);
    const giveBack = budget.takeNow(2);
    expect(budget.takeNow(2)).toBeNull();
    const waiting = budget.take(2, never);
    expect(budget.takeNow(1)).toBeNull();
    giveBack?.();
    giveBack?.();
    (await waiting)();
    expect(budget.takeNow(4)).toBeNull();
    expect(budget.takeNow(3)).not.toBeNull();
  });
});
