/** A beat is told by metrics, log and readiness as it went: what fails from the start on, or mends at once, shows. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { type Beat, createBeat } from "../../src/daemon/beat.ts";
import type { TenantId } from "../../src/model/ids.ts";
import type { TenantChoice } from "../../src/model/schedule.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { memorySlots } from "../support/memory-slots.ts";
import { never } from "../support/repository-fixture.ts";

const minuteMs = 60_000;

interface World {
  readonly beat: Beat;
  readonly clock: ManualClock;
  readonly logged: string[];
  /** What the catalog answers to; others fail. */
  works: boolean;
  readonly metric: (name: string) => Promise<readonly string[]>;
}

function world(): World {
  const clock = new ManualClock(new Date("2026-11-21T12:00:00Z"));
  const telemetry = createTelemetry({ version: "1.2.3", perTenant: "all", clock });
  const logged: string[] = [];
  const choices = new Map<TenantId, TenantChoice>();
  const made: World = {
    clock,
    logged,
    works: true,
    beat: createBeat({
      catalog: {
        now: async () => clock.now(),
        slots: memorySlots(),
        choices: {
          all: () =>
            made.works
              ? Promise.resolve(choices)
              : Promise.reject(new Failure("catalog/failed", "permission denied for table choice")),
          of: () => Promise.resolve(null),
          set: () => Promise.resolve(),
        },
      },
      catalogWatch: { answered: () => undefined },
      enqueue: () => Promise.resolve(),
      tenants: () => [],
      everyMs: () => minuteMs,
      clock,
      monotonicMs: () => clock.now().getTime(),
      tell: telemetry.tell,
      log: createLog({ level: "warn", clock, to: { write: (line) => logged.push(line) }, base: {} }),
    }),
    metric: async (name) => {
      const text = await telemetry.render(never);
      return text.split("\n").filter((line) => line.startsWith(`${name} `));
    },
  };
  return made;
}

describe("a watermark that is ahead of the catalog's clock", () => {
  it("shows in a scrape after the round that pulled it back, and in the log", async () => {
    const { beat, clock, logged, metric } = world();
    await beat.round(never);
    clock.advance(-5 * minuteMs);
    await beat.round(never);
    await beat.round(never);
    const pulledBack = "holdfast_scheduler_watermark_pulled_back_total";
    expect(await metric(pulledBack)).toEqual([`${pulledBack} 1`]);
    expect(logged).toEqual([expect.stringContaining('"aheadMs":300000')]);
  });
});

describe("a beat that fails", () => {
  it("from the start on tells no watermark, and is not ready, though nothing hangs", async () => {
    const one = world();
    one.works = false;
    await expect(one.beat.round(never)).rejects.toThrow("permission denied");
    expect(await one.metric("holdfast_scheduler_watermark_timestamp_seconds")).toEqual([]);
    expect(one.beat.failing()).toEqual(["the scheduler has not yet looked what is due"]);
    expect(one.beat.stuck()).toEqual([]);
    one.works = true;
    await one.beat.round(never);
    expect(one.beat.failing()).toEqual([]);
  });

  it("for ten minutes is not ready, and one that does not even begin is unhealthy", async () => {
    const one = world();
    await one.beat.round(never);
    one.works = false;
    one.clock.advance(10 * minuteMs);
    await expect(one.beat.round(never)).rejects.toThrow("permission denied");
    expect(one.beat.failing()).toEqual([]);
    one.clock.advance(minuteMs);
    expect(one.beat.failing()).toEqual(["the scheduler fails to look what is due"]);
    expect(one.beat.stuck()).toEqual([]);
    one.clock.advance(10 * minuteMs);
    expect(one.beat.stuck()).toEqual(["the scheduler does not beat"]);
  });
});
