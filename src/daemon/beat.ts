/** One beat after another: what is due is handed out, and whoever asks hears whether that succeeds. */
import type { Clock } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Catalog, EnqueueSlots } from "../catalog/catalog.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Log } from "../telemetry/log.ts";
import type { CatalogWatch } from "./catalog-watch.ts";
import { createScheduler, type ScheduledTenant } from "./scheduler.ts";

export interface BeatParts {
  readonly catalog: Pick<Catalog, "now" | "choices" | "slots">;
  readonly catalogWatch: Pick<CatalogWatch, "answered">;
  readonly enqueue: EnqueueSlots;
  readonly tenants: () => Iterable<ScheduledTenant>;
  readonly everyMs: () => number;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly tell: Tell;
  readonly log: Log;
}

export interface Beat {
  /** Fails as the catalog does; nothing happened then, and the next one makes up for it. */
  round(wait: Waiting): Promise<void>;
  /** Why the process ought to be started anew; none: rounds begin, whether or not they succeed. */
  readonly stuck: () => readonly string[];
  /** Why nothing becomes due here; none: a round has succeeded of late. */
  readonly failing: () => readonly string[];
}

/** A round reads the catalog within a minute or fails; one that does neither hangs. */
const quietMsMax = 600_000;

export function createBeat(parts: BeatParts): Beat {
  const { catalog, catalogWatch, clock, monotonicMs, log } = parts;
  const tell: Tell = (event) => {
    if (event.kind === "watermark-ahead")
      log.warn("watermark was ahead of the catalog's clock, and was pulled back", { aheadMs: event.aheadMs });
    parts.tell(event);
  };
  const scheduler = createScheduler({ catalog, enqueue: parts.enqueue, tell });
  let begunMs = monotonicMs();
  let succeededMs: number | null = null;
  const isLongAgo = (ms: number): boolean => monotonicMs() - ms > Math.max(quietMsMax, 4 * parts.everyMs());
  return {
    round: async (wait) => {
      begunMs = monotonicMs();
      const slots = await scheduler.beat(parts.tenants(), wait);
      catalogWatch.answered();
      for (const { tenant, kind, at, key } of slots)
        log.info("slot handed out", { tenant, kind, at, slot: key });
      const now = await catalog.now(wait);
      tell({ kind: "beat", watermark: now, slots: slots.length });
      const aheadMs = clock.now().getTime() - now.getTime();
      tell({ kind: "clock-skew", against: { kind: "catalog" }, aheadMs });
      succeededMs = monotonicMs();
    },
    stuck: () => (isLongAgo(begunMs) ? ["the scheduler does not beat"] : []),
    failing: () => {
      if (succeededMs === null) return ["the scheduler has not yet looked what is due"];
      return isLongAgo(succeededMs) ? ["the scheduler fails to look what is due"] : [];
    },
  };
}
