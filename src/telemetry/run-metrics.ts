/** Counters and histograms of what this process did, made of events. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import { backupKinds, verdict } from "../model/glossary.ts";
import type { HoldfastEvent } from "./event.ts";

/** From a second to twelve hours, the longest backup there may be. */
const runBuckets = [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200];

/** Registers the families and returns what counts an event in them. */
export function runMetrics(registry: Registry, clock: Clock): (event: HoldfastEvent) => void {
  const registers = [registry];
  const backupRuns = new Counter({
    name: "holdfast_backup_runs_total",
    help: "Backups that ended.",
    labelNames: ["kind", "result"],
    registers,
  });
  const backupSeconds = new Histogram({
    name: "holdfast_backup_duration_seconds",
    help: "How long backups took.",
    labelNames: ["kind"],
    buckets: runBuckets,
    registers,
  });
  const backupBytes = new Counter({
    name: "holdfast_backup_bytes_total",
    help: "Bytes of backups: read from sources, sent to stores, and found there already.",
    labelNames: ["flow"],
    registers,
  });
  const verifyRuns = new Counter({
    name: "holdfast_verify_runs_total",
    help: "Copies that were verified.",
    labelNames: ["verdict"],
    registers,
  });
  const verifySeconds = new Histogram({
    name: "holdfast_verify_duration_seconds",
    help: "How long it took to restore a copy into scratch and to compare it.",
    buckets: runBuckets,
    registers,
  });
  const misnamedObjects = new Counter({
    name: "holdfast_misnamed_objects_total",
    help: "Objects of verified copies that hold something else than they are named for: a host that signs records lied.",
    registers,
  });
  const restoreSeconds = new Histogram({
    name: "holdfast_restore_duration_seconds",
    help: "How long restores took.",
    buckets: runBuckets,
    registers,
  });
  const scrubObjects = new Counter({
    name: "holdfast_scrub_objects_total",
    help: "Objects that were read and compared with their inventories.",
    labelNames: ["store", "result"],
    registers,
  });
  const scrubBytes = new Counter({
    name: "holdfast_scrub_bytes_total",
    help: "Bytes that scrubs read.",
    labelNames: ["store"],
    registers,
  });
  const scrubLast = new Gauge({
    name: "holdfast_scrub_last_timestamp_seconds",
    help: "When this process last ended a scrub of a tenant's copies in the store.",
    labelNames: ["store"],
    registers,
  });
  const healedObjects = new Counter({
    name: "holdfast_healed_objects_total",
    help: "Damaged or missing objects that were made whole from another store.",
    labelNames: ["store"],
    registers,
  });
  const healedBytes = new Counter({
    name: "holdfast_healed_bytes_total",
    help: "Bytes that were made whole from another store.",
    labelNames: ["store"],
    registers,
  });
  const pruneRuns = new Counter({
    name: "holdfast_prune_runs_total",
    help: "Prunes of a tenant that ended, or that were stopped by a finding.",
    labelNames: ["result"],
    registers,
  });
  const pruned = new Counter({
    name: "holdfast_pruned_backups_total",
    help: "Backups that retention removed.",
    registers,
  });
  const prunedBytes = new Counter({
    name: "holdfast_pruned_bytes_total",
    help: "Bytes that retention removed from stores.",
    registers,
  });
  const pruneLast = new Gauge({
    name: "holdfast_prune_last_success_timestamp_seconds",
    help: "When this process last ended a prune of a tenant.",
    registers,
  });
  // The library starts at 0, which is a time in 1970.
  pruneLast.remove();
  const jobsFailed = new Counter({
    name: "holdfast_jobs_failed_total",
    help: "Attempts at jobs that failed; final ones are not tried again.",
    labelNames: ["queue", "code", "final"],
    registers,
  });
  // A counter that appears with its first failure has no increase that an alert could see.
  for (const kind of backupKinds) {
    backupSeconds.zero({ kind });
    for (const result of ["complete", "degraded", "failed"]) backupRuns.inc({ kind, result }, 0);
  }
  for (const flow of ["plain", "uploaded", "reused"]) backupBytes.inc({ flow }, 0);
  for (const one of verdict.options) verifyRuns.inc({ verdict: one }, 0);
  for (const result of ["done", "stopped"]) pruneRuns.inc({ result }, 0);

  const seconds = (): number => clock.now().getTime() / 1000;

  return (event) => {
    switch (event.kind) {
      case "backup-ended":
        backupRuns.inc({ kind: event.backupKind, result: event.result });
        backupSeconds.observe({ kind: event.backupKind }, event.seconds);
        backupBytes.inc({ flow: "plain" }, event.plainBytes);
        backupBytes.inc({ flow: "uploaded" }, event.uploadedBytes);
        backupBytes.inc({ flow: "reused" }, event.reusedBytes);
        return;
      case "verify-ended":
        verifyRuns.inc({ verdict: event.verdict });
        verifySeconds.observe(event.seconds);
        misnamedObjects.inc(event.misnamed);
        return;
      case "restore-ended":
        restoreSeconds.observe(event.seconds);
        return;
      case "scrub-ended":
        scrubObjects.inc({ store: event.store, result: "whole" }, event.whole);
        scrubObjects.inc({ store: event.store, result: "damaged" }, event.damaged);
        scrubObjects.inc({ store: event.store, result: "missing" }, event.missing);
        scrubBytes.inc({ store: event.store }, event.bytes);
        scrubLast.set({ store: event.store }, seconds());
        return;
      case "healed":
        healedObjects.inc({ store: event.store }, event.objects);
        healedBytes.inc({ store: event.store }, event.bytes);
        return;
      case "pruned":
        pruneRuns.inc({ result: "done" });
        pruned.inc(event.backups);
        prunedBytes.inc(event.bytes);
        pruneLast.set(seconds());
        return;
      case "prune-stopped":
        pruneRuns.inc({ result: "stopped" });
        return;
      case "job-failed":
        jobsFailed.inc({ queue: event.queue, code: event.code, final: String(event.final) });
        return;
      case "snapshot":
      case "beat":
      case "watermark-ahead":
      case "clock-skew":
      case "configuration":
      case "stores":
      case "discovered":
      case "catalog":
      case "observed":
        return;
    }
  };
}
