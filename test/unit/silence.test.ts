/** Jobs are taken from workers that died, never from those that only could not be heard. */
import { describe, expect, it } from "vitest";
import { judgeSilence } from "../../src/catalog/silence.ts";

function hearing() {
  let nowMs = 1_000_000;
  const silence = judgeSilence(30_000, () => nowMs);
  return {
    ...silence,
    after: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("silence", () => {
  it("means nothing to a process that has only begun, which may have begun with its catalog", () => {
    const heard = hearing();
    heard.answered();
    heard.after(44_000);
    expect(heard.isDeath()).toBe(false);
    heard.after(1000);
    expect(heard.isDeath()).toBe(true);
  });

  it("means nothing until workers had the time to be heard after an outage, however long it was", () => {
    const heard = hearing();
    heard.after(3_600_000);
    for (let minute = 0; minute < 60; minute += 1) {
      heard.unanswered();
      heard.after(60_000);
    }
    heard.unanswered();
    heard.after(5000);
    heard.answered();
    expect(heard.isDeath()).toBe(false);
    heard.after(40_000);
    expect(heard.isDeath()).toBe(true);
  });

  it("means death in the end although trouble never ends, as long as the queue answers", () => {
    const heard = hearing();
    let waitedMs = 0;
    for (; !heard.isDeath() && waitedMs < 3_600_000; waitedMs += 20_000) {
      heard.answered();
      heard.troubled();
      heard.after(20_000);
    }
    expect(waitedMs).toBe(300_000);
    heard.unanswered();
    heard.answered();
    expect(heard.isDeath()).toBe(false);
  });
});
