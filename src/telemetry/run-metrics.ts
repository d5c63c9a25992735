/** Counters and histograms of what this process did, made of events. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import { backupKinds, verdict } from "../model/glossary.ts";
import type { EventOf, HoldfastEvent } from "./event.ts";

/** From a second to twelve hours, the longest backup there may be. */
const runBuckets = [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200];

/** Registers the families, which a scrape shows in this order, and returns what counts an event in them. */
export function runMetrics(registry: Registry, clock: Clock): (event: HoldfastEvent) => void {
  const registers = [registry];
  const seconds = (): number => clock.now().getTime() / 1000;
  const backups = countBackups(registers);
  const verifications = countVerifications(registers);
  const restores = countRestores(registers);
  const scrubs = countScrubs(registers, seconds);
  const healed = countHealed(registers);
  const prunes = countPrunes(registers, seconds);
  const failedJobs = countFailedJobs(registers);

  return (event) => {
    switch (event.kind) {
      case "backup-ended":
        return backups(event);
      case "verify-ended":
        return verifications(event);
      case "restore-ended":
        return restores(event);
      case "scrub-ended":
        return scrubs(event);
      case "healed":
        return healed(event);
      case "pruned":
      case "prune-stopped":
        return prunes(event);
      case "job-failed":
        return failedJobs(event);
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

type Count<Kind extends HoldfastEvent["kind"]> = (event: EventOf<Kind>) => void;

function countBackups(registers: Registry[]): Count<"backup-ended"> {
  const runs = new Counter({
    name: "holdfast_backup_runs_total",
    help: "Backups that ended.",
    labelNames: ["kind", "result"],
    registers,
  });
  const duration = new Histogram({
    name: "holdfast_backup_duration_seconds",
    help: "How long backups took.",
    labelNames: ["kind"],
    buckets: runBuckets,
    registers,
  });
  const bytes = new Counter({
    name: "holdfast_backup_bytes_total",
    help: "Bytes of backups: read from sources, sent to stores, and found there already.",
    labelNames: ["flow"],
    registers,
  });
  // A counter that appears with its first failure has no increase that an alert could see.
  for (const kind of backupKinds) {
    duration.zero({ kind });
    for (const result of ["complete", "degraded", "failed"]) runs.inc({ kind, result }, 0);
  }
  for (const flow of ["plain", "uploaded", "reused"]) bytes.inc({ flow }, 0);
  return ({ backupKind, result, seconds, plainBytes, uploadedBytes, reusedBytes }) => {
    runs.inc({ kind: backupKind, result });
    duration.observe({ kind: backupKind }, seconds);
    bytes.inc({ flow: "plain" }, plainBytes);
    bytes.inc({ flow: "uploaded" }, uploadedBytes);
    bytes.inc({ flow: "reused" }, reusedBytes);
  };
}

function countVerifications(registers: Registry[]): Count<"verify-ended"> {
  const runs = new Counter({
    name: "holdfast_verify_runs_total",
    help: "Copies that were verified.",
    labelNames: ["verdict"],
    registers,
  });
  const duration = new Histogram({
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
  for (const one of verdict.options) runs.inc({ verdict: one }, 0);
  return (event) => {
    runs.inc({ verdict: event.verdict });
    duration.observe(event.seconds);
    misnamedObjects.inc(event.misnamed);
  };
}

function countRestores(registers: Registry[]): Count<"restore-ended"> {
  const duration = new Histogram({
    name: "holdfast_restore_duration_seconds",
    help: "How long restores took.",
    buckets: runBuckets,
    registers,
  });
  return ({ seconds }) => duration.observe(seconds);
}

function countScrubs(registers: Registry[], now: () => number): Count<"scrub-ended"> {
  const objects = new Counter({
    name: "holdfast_scrub_objects_total",
    help: "Objects that were read and compared with their inventories.",
    labelNames: ["store", "result"],
    registers,
  });
  const bytesRead = new Counter({
    name: "holdfast_scrub_bytes_total",
    help: "Bytes that scrubs read.",
    labelNames: ["store"],
    registers,
  });
  const last = new Gauge({
    name: "holdfast_scrub_last_timestamp_seconds",
    help: "When this process last ended a scrub of a tenant's copies in the store.",
    labelNames: ["store"],
    registers,
  });
  return ({ store, whole, damaged, missing, bytes }) => {
    objects.inc({ store, result: "whole" }, whole);
    objects.inc({ store, result: "damaged" }, damaged);
    objects.inc({ store, result: "missing" }, missing);
    bytesRead.inc({ store }, bytes);
    last.set({ store }, now());
  };
}

function countHealed(registers: Registry[]): Count<"healed"> {
  const objectsHealed = new Counter({
    name: "holdfast_healed_objects_total",
    help: "Damaged or missing objects that were made whole from another store.",
    labelNames: ["store"],
    registers,
  });
  const bytesHealed = new Counter({
    name: "holdfast_healed_bytes_total",
    help: "Bytes that were made whole from another store.",
    labelNames: ["store"],
    registers,
  });
  return ({ store, objects, bytes }) => {
    objectsHealed.inc({ store }, objects);
    bytesHealed.inc({ store }, bytes);
  };
}

function countPrunes(registers: Registry[], now: () => number): Count<"pruned" | "prune-stopped"> {
  const runs = new Counter({
    name: "holdfast_prune_runs_total",
    help: "Prunes of a tenant that ended, or that were stopped by a finding.",
    labelNames: ["result"],
    registers,
  });
  const backupsRemoved = new Counter({
    name: "holdfast_pruned_backups_total",
    help: "Backups that retention removed.",
    registers,
  });
  const bytesRemoved = new Counter({
    name: "holdfast_pruned_bytes_total",
    help: "Bytes that retention removed from stores.",
    registers,
  });
  const last = new Gauge({
    name: "holdfast_prune_last_success_timestamp_seconds",
    help: "When this process last ended a prune of a tenant.",
    registers,
  });
  // The library starts at 0, which is a time in 1970.
  last.remove();
  for (const result of ["done", "stopped"]) runs.inc({ result }, 0);
  return (event) => {
    if (event.kind === "prune-stopped") {
      runs.inc({ result: "stopped" });
      return;
    }
    runs.inc({ result: "done" });
    backupsRemoved.inc(event.backups);
    bytesRemoved.inc(event.bytes);
    last.set(now());
  };
}

function countFailedJobs(registers: Registry[]): Count<"job-failed"> {
  const failed = new Counter({
    name: "holdfast_jobs_failed_total",
    help: "Attempts at jobs that failed; final ones are not tried again.",
    labelNames: ["queue", "code", "final"],
    registers,
  });
  return ({ queue, code, final }) => failed.inc({ queue, code, final: String(final) });
}
