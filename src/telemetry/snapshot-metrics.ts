/** How long snapshots have been holding back the vacuum of a source (trap 7). */
import { Gauge, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { SourceName, TenantId } from "../model/ids.ts";
import type { HoldfastEvent } from "./event.ts";

export function snapshotMetrics(registry: Registry, clock: Clock): (event: HoldfastEvent) => void {
  const open = new Map<TenantId, { readonly source: SourceName; readonly openedAtMs: number }>();
  /** A source stays, at 0: a series that ends leaves its last value standing in a graph. */
  const known = new Set<SourceName>();
  const age = new Gauge({
    name: "holdfast_snapshot_age_seconds",
    help: "Age of the oldest snapshot that this process holds open on the source; it holds back vacuum.",
    labelNames: ["source"],
    registers: [],
    collect() {
      const nowMs = clock.now().getTime();
      for (const source of known) {
        const ages = [...open.values()].filter((one) => one.source === source);
        this.set({ source }, Math.max(0, ...ages.map(({ openedAtMs }) => nowMs - openedAtMs)) / 1000);
      }
    },
  });
  registry.registerMetric(age);
  return (event) => {
    if (event.kind !== "snapshot") return;
    known.add(event.source);
    if (event.state === "closed") open.delete(event.tenant);
    else open.set(event.tenant, { source: event.source, openedAtMs: clock.now().getTime() });
  };
}
