/** Gauges of how this process stands: its configuration, catalog, scheduler, clocks, and what an observer sees. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { StoreName } from "../model/ids.ts";
import type { EventOf, HoldfastEvent } from "./event.ts";

/**
 * Registers the families, which a scrape shows in this order, and returns what sets them. A gauge shows nothing before
 * somebody told.
 */
export function stateMetrics(registry: Registry, clock: Clock): (event: HoldfastEvent) => void {
  const catalogUp = gauge(
    registry,
    "holdfast_catalog_up",
    "Whether the catalog answered when it was last asked.",
  );
  const configuration = showConfiguration(registry, clock);
  const scheduler = showScheduler(registry);
  const clocks = showClocks(registry);
  const sources = showSources(registry);
  const observed = showObserved(registry);

  return (event) => {
    switch (event.kind) {
      case "catalog":
        return catalogUp.set(event.up ? 1 : 0);
      case "configuration":
        return configuration(event);
      case "beat":
      case "watermark-ahead":
        return scheduler(event);
      case "clock-skew":
      case "stores":
        return clocks(event);
      case "discovered":
        return sources(event);
      case "observed":
        return observed(event);
      case "backup-ended":
      case "verify-ended":
      case "restore-ended":
      case "scrub-ended":
      case "healed":
      case "pruned":
      case "prune-stopped":
      case "job-failed":
      case "snapshot":
        return;
    }
  };
}

type Show<Kind extends HoldfastEvent["kind"]> = (event: EventOf<Kind>) => void;

function showConfiguration(registry: Registry, clock: Clock): Show<"configuration"> {
  const success = gauge(
    registry,
    "holdfast_configuration_last_reload_success",
    "Whether the newest configuration is in force; 0: it was refused, and the one before it stays.",
  );
  const at = gauge(
    registry,
    "holdfast_configuration_last_reload_timestamp_seconds",
    "When a configuration was last loaded.",
  );
  return ({ result }) => {
    success.set(result === "loaded" ? 1 : 0);
    if (result === "loaded") at.set(seconds(clock.now()));
  };
}

function showScheduler(registry: Registry): Show<"beat" | "watermark-ahead"> {
  const watermark = gauge(
    registry,
    "holdfast_scheduler_watermark_timestamp_seconds",
    "Up to when all backups that are due were handed out.",
  );
  const slots = new Counter({
    name: "holdfast_scheduler_slots_total",
    help: "Backups that this process handed out as due.",
    registers: [registry],
  });
  // A count, since a beat that pulls it back ends well: a gauge would be down again before any scrape.
  const pulledBack = new Counter({
    name: "holdfast_scheduler_watermark_pulled_back_total",
    help: "How often the watermark was ahead of the catalog's clock, and was pulled back.",
    registers: [registry],
  });
  return (event) => {
    if (event.kind === "watermark-ahead") {
      pulledBack.inc();
      return;
    }
    watermark.set(seconds(event.watermark));
    slots.inc(event.slots);
  };
}

function showClocks(registry: Registry): Show<"clock-skew" | "stores"> {
  const ofStore = gauge(
    registry,
    "holdfast_clock_skew_seconds",
    "How far the clock of this host is ahead of the store's; negative: behind.",
    ["store"],
  );
  const ofCatalog = gauge(
    registry,
    "holdfast_catalog_clock_skew_seconds",
    "How far the clock of this host is ahead of the catalog's; negative: behind.",
  );
  /** Null: nobody told, and every store is believed. */
  let stores: ReadonlySet<StoreName> | null = null;
  return (event) => {
    if (event.kind === "stores") {
      // What is looked at no more would show its last value for ever.
      for (const store of stores ?? []) if (!event.inUse.includes(store)) ofStore.remove({ store });
      stores = new Set(event.inUse);
      return;
    }
    const { against, aheadMs } = event;
    if (against.kind === "catalog") ofCatalog.set(aheadMs / 1000);
    else if (stores?.has(against.store) !== false) ofStore.set({ store: against.store }, aheadMs / 1000);
  };
}

function showSources(registry: Registry): Show<"discovered"> {
  const up = gauge(
    registry,
    "holdfast_discovery_source_up",
    "Whether the source answered when it was last asked which databases there are.",
    ["source"],
  );
  return ({ answered, silent }) => {
    up.reset();
    for (const source of answered) up.set({ source }, 1);
    for (const source of silent) up.set({ source }, 0);
  };
}

function showObserved(registry: Registry): Show<"observed"> {
  const findings = gauge(
    registry,
    "holdfast_observer_findings",
    "What the observer found amiss in its newest pass.",
    ["finding"],
  );
  const lastPass = gauge(
    registry,
    "holdfast_observer_last_pass_timestamp_seconds",
    "When the observer last ended a pass over all stores.",
  );
  const passSeconds = gauge(
    registry,
    "holdfast_observer_pass_duration_seconds",
    "How long the newest pass over all stores took.",
  );
  const newestRecord = gauge(
    registry,
    "holdfast_store_newest_record_timestamp_seconds",
    "When the newest record that the store shows was finished.",
    ["store"],
  );
  return (event) => {
    findings.reset();
    for (const [finding, count] of event.findings) findings.set({ finding }, count);
    for (const [store, at] of event.newestRecords) newestRecord.set({ store }, seconds(at));
    lastPass.set(seconds(event.at));
    passSeconds.set(event.seconds);
  };
}

function gauge(registry: Registry, name: string, help: string, labelNames: string[] = []): Gauge {
  const made = new Gauge({ name, help, labelNames, registers: [registry] });
  // The library starts at 0, which reads as "down", or as a time in 1970.
  if (labelNames.length === 0) made.remove();
  return made;
}

function seconds(at: Date): number {
  return at.getTime() / 1000;
}
