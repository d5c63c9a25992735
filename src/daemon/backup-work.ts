import { backup, type BackupWatch } from "../backup/backup.ts";
import type { BackupReport } from "../backup/report.ts";
import { failureOf, isFailure } from "../base/failure.ts";
import type { IndexedBackup } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import { backupDesk, backupOrder } from "../desk/backup-orders.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import { backupEnd } from "../desk/run-ends.ts";
import { backupLengthMaxMs } from "../model/plan.ts";
import type { JobSite, JobWork } from "./job-work.ts";

export const backupWork: JobWork<"backup"> = {
  limitMs: backupLengthMaxMs,
  givesWay: false,
  claims: ({ tenant: { id, source } }) => [
    { kind: "tenant-write", tenant: id },
    { kind: "source", source: source.name, places: source.maxConcurrent },
  ],
  run: async (site) => {
    if (await isServed(site)) return null;
    const report = await tellingEnd(site, () => backUp(site));
    return {
      result: report.state === "complete" ? "done" : "degraded",
      facts: { ...backupEnd(report).facts, slot: site.job.slot },
      failed: null,
    };
  },
};

/**
 * A slot is served by any backup of its kind that counts and was read after the slot had come: slots that
 * waited for a source together make one backup, and a worker that died between writing its record and
 * saying so has done its job.
 */
async function isServed({ shop, desk, tenant, job, taken, wait }: JobSite<"backup">): Promise<boolean> {
  // What a worker wrote that died is in the stores, and in no index yet.
  if (taken.begun) await indexTenant(desk, shop.catalog, tenant, wait);
  const slotAt = new Date(job.at);
  const backups = await shop.catalog.index.backups(tenant.id, wait);
  return backups.some((one) => one.kind === job.kind && one.at >= slotAt && counts(one, tenant));
}

function counts({ suspect, copies }: IndexedBackup, { plan }: Tenant): boolean {
  const whole = copies.filter(({ state, proof }) => state === "present" && proof?.verdict !== "refuted");
  return !suspect && whole.length >= plan.copies.quorum;
}

async function backUp({ shop, desk, tenant, job, talk, wait }: JobSite<"backup">): Promise<BackupReport> {
  const snapshot = { kind: "snapshot", source: tenant.source.name, tenant: tenant.id } as const;
  let open = false;
  const watch: BackupWatch = {
    opened: () => {
      open = true;
      shop.tell({ ...snapshot, state: "opened" });
    },
    reading: () => undefined,
    read: () => undefined,
    ended: () => {
      if (open) shop.tell({ ...snapshot, state: "closed" });
      open = false;
    },
    startingAnew: (_, reason) => talk.say(`warning: ${tenant.id}: starts anew: ${reason}`),
  };
  const verb = await backupDesk(desk, watch, (line) => talk.say(line));
  return backup(verb, await backupOrder(desk, tenant), job.kind, wait);
}

async function tellingEnd(
  { shop, tenant, job, wait }: JobSite<"backup">,
  work: () => Promise<BackupReport>,
): Promise<BackupReport> {
  const startedMs = shop.machine.monotonicMs();
  const named = { kind: "backup-ended", tenant: tenant.id, backupKind: job.kind } as const;
  try {
    const report = await work();
    const { backup: id, state, seconds, plainBytes, uploadedBytes, reusedBytes } = report;
    shop.tell({
      ...named,
      backup: id,
      result: state,
      code: null,
      seconds,
      plainBytes,
      uploadedBytes,
      reusedBytes,
    });
    return report;
  } catch (error) {
    // Stopped with the daemon, it goes back to the queue and has not failed.
    if (!isFailure(error, "wait/cancelled") || !wait.signal.aborted) {
      shop.tell({
        ...named,
        backup: null,
        result: "failed",
        code: failureOf(error).code,
        seconds: (shop.machine.monotonicMs() - startedMs) / 1000,
        plainBytes: 0,
        uploadedBytes: 0,
        reusedBytes: 0,
      });
    }
    throw error;
  }
}
