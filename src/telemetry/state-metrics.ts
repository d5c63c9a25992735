/** Gauges of how this process stands: its configuration, catalog, scheduler, clocks, and what an observer sees. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { StoreName } from "../model/ids.ts";
import type { HoldfastEvent } from "./event.ts";

/** Registers the families and returns what sets them. A gauge shows nothing before somebody told. */
export function stateMetrics(registry: Registry, clock: Clock): (event: HoldfastEvent) => void {
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge => {
    const made = new Gauge({ name, help, labelNames, registers: [registry] });
    // The library starts at 0, which reads as "down", or as a time in 1970.
    if (labelNames.length === 0) made.remove();
    return made;
  };
  const catalogUp = gauge("holdfast_catalog_up", "Whether the catalog answered when it was last asked.");
  const reloadSuccess = gauge(
    "holdfast_configuration_last_reload_success",
    "Whether the newest configuration is in force; 0: it was refused, and the one before it stays.",
  );
  const reloadAt = gauge(
    "holdfast_configuration_last_reload_timestamp_seconds",
    "When a configuration was last loaded.",
  );
  const watermark = gauge(
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
  const skew = gauge(
    "holdfast_clock_skew_seconds",
    "How far the clock of this host is ahead of the store's; negative: behind.",
    ["store"],
  );
  const catalogSkew = gauge(
    "holdfast_catalog_clock_skew_seconds",
    "How far the clock of this host is ahead of the catalog's; negative: behind.",
  );
  const sourceUp = gauge(
    "holdfast_discovery_source_up",
    "Whether the source answered when it was last asked which databases there are.",
    ["source"],
  );
  /** Null: nobody told, and every store is believed. */
  let stores: ReadonlySet<StoreName> | null = null;
  const findings = gauge("holdfast_observer_findings", "What the observer found amiss in its newest pass.", [
    "finding",
  ]);
  const lastPass = gauge(
    "holdfast_observer_last_pass_timestamp_seconds",
    "When the observer last ended a pass over all stores.",
  );
  const passSeconds = gauge(
    "holdfast_observer_pass_duration_seconds",
    "How long the newest pass over all stores took.",
  );
  const newestRecord = gauge(
    "holdfast_store_newest_record_timestamp_seconds",
    "When the newest record that the store shows was finished.",
    ["store"],
  );

  return (event) => {
    switch (event.kind) {
      case "catalog":
        catalogUp.set(event.up ? 1 : 0);
        return;
      case "configuration":
        reloadSuccess.set(event.result === "loaded" ? 1 : 0);
        if (event.result === "loaded") reloadAt.set(seconds(clock.now()));
        return;
      case "beat":
        watermark.set(seconds(event.watermark));
        slots.inc(event.slots);
        return;
      case "watermark-ahead":
        pulledBack.inc();
        return;
      case "clock-skew":
        if (event.against.kind === "catalog") catalogSkew.set(event.aheadMs / 1000);
        else if (stores?.has(event.against.store) !== false)
          skew.set({ store: event.against.store }, event.aheadMs / 1000);
        return;
      case "stores":
        // What is looked at no more would show its last value for ever.
        for (const store of stores ?? []) if (!event.inUse.includes(store)) skew.remove({ store });
        stores = new Set(event.inUse);
        return;
      case "discovered":
        sourceUp.reset();
        for (const source of event.answered) sourceUp.set({ source }, 1);
        for (const source of event.silent) sourceUp.set({ source }, 0);
        return;
      case "observed":
        findings.reset();
        for (const [finding, count] of event.findings) findings.set({ finding }, count);
        for (const [store, at] of event.newestRecords) newestRecord.set({ store }, seconds(at));
        lastPass.set(seconds(event.at));
        passSeconds.set(event.seconds);
        return;
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

function seconds(at: Date): number {
  return at.getTime() / 1000;
}
