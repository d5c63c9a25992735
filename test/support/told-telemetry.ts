/** A telemetry that was told one of everything, so that a scrape shows every family there is. */
import { ManualClock } from "../../src/base/clock.ts";
import type { TenantHealth } from "../../src/model/health.ts";
import { backupId, sourceName, storeName, tenantId } from "../../src/model/ids.ts";
import type { HoldfastEvent } from "../../src/telemetry/event.ts";
import type { PerTenant } from "../../src/telemetry/fleet-families.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";

export const scrapedAt = new Date("2026-11-21T12:00:00.000Z");
const hourMs = 3_600_000;
const acme = tenantId.parse("acme");
const dubai = storeName.parse("dubai");
const frankfurt = storeName.parse("frankfurt");
const erp = sourceName.parse("erp");
const backup = backupId.parse("20261121T013000Z-k7f3qa");

export function ago(hours: number): Date {
  return new Date(scrapedAt.getTime() - hours * hourMs);
}

/** One that is as its plan wants it. */
export function healthy(tenant = "acme"): TenantHealth {
  return {
    tenant: tenantId.parse(tenant),
    lastSuccess: new Map([
      ["daily", ago(10)],
      ["weekly", ago(100)],
    ]),
    lateFrom: new Map([
      ["daily", ago(-20)],
      ["weekly", ago(-110)],
    ]),
    expectedIntervalMs: 24 * hourMs,
    copies: 2,
    copiesRequired: 2,
    proofs: new Map([
      [dubai, ago(8)],
      [frankfurt, ago(9)],
    ]),
    proofDueAt: ago(-62),
    scrubDueAt: ago(-100),
    refutedCopies: 0,
    recoveryPoint: ago(10),
    oldest: ago(200),
    objectives: { recoveryPointMs: 25 * hourMs, recoveryTimeMs: 4 * hourMs },
  };
}

/** One that is in breach of everything that goes together. */
export function broken(tenant = "bravo"): TenantHealth {
  return {
    ...healthy(tenant),
    lastSuccess: new Map([["daily", ago(40)]]),
    lateFrom: new Map([["daily", ago(10)]]),
    copies: 1,
    proofs: new Map(),
    proofDueAt: ago(1),
    scrubDueAt: ago(2),
    refutedCopies: 1,
    recoveryPoint: ago(64),
  };
}

/** Planned, and never backed up. */
export function fresh(tenant = "charlie"): TenantHealth {
  return {
    ...healthy(tenant),
    lastSuccess: new Map(),
    copies: 0,
    proofs: new Map(),
    proofDueAt: null,
    scrubDueAt: null,
    recoveryPoint: null,
    oldest: null,
  };
}

const events: readonly HoldfastEvent[] = [
  {
    kind: "backup-ended",
    tenant: acme,
    backupKind: "daily",
    backup,
    result: "complete",
    code: null,
    seconds: 42,
    plainBytes: 1_000_000,
    uploadedBytes: 100_000,
    reusedBytes: 300_000,
  },
  { kind: "verify-ended", tenant: acme, backup, store: dubai, verdict: "proven", seconds: 61, misnamed: 0 },
  { kind: "restore-ended", tenant: acme, seconds: 300 },
  {
    kind: "scrub-ended",
    tenant: acme,
    store: dubai,
    whole: 12,
    damaged: 1,
    missing: 2,
    bytes: 12_345,
    seconds: 3,
  },
  { kind: "healed", tenant: acme, store: dubai, objects: 3, bytes: 4567 },
  { kind: "prune-stopped", tenant: tenantId.parse("bravo"), reason: "a gap in the chain of records" },
  { kind: "pruned", tenant: acme, backups: 2, objects: 10, bytes: 99_999 },
  { kind: "job-failed", queue: "backup", tenant: acme, code: "source/busy", final: false },
  { kind: "snapshot", state: "opened", source: erp, tenant: acme },
  { kind: "watermark-ahead", aheadMs: 5000 },
  { kind: "beat", watermark: scrapedAt, slots: 3 },
  { kind: "clock-skew", against: { kind: "store", store: dubai }, aheadMs: -1500 },
  { kind: "clock-skew", against: { kind: "catalog" }, aheadMs: 250 },
  { kind: "configuration", result: "loaded", detail: "" },
  { kind: "stores", inUse: [dubai, frankfurt] },
  { kind: "discovered", answered: [erp], silent: [sourceName.parse("shop")] },
  {
    kind: "observed",
    at: scrapedAt,
    seconds: 7,
    findings: new Map([
      ["untrusted-signature", 1],
      ["rolled-back", 0],
    ]),
    newestRecords: new Map([[dubai, ago(10)]]),
  },
];

/** `clock` has moved a quarter of an hour on since a snapshot was opened. */
export function toldTelemetry(perTenant: PerTenant): {
  readonly telemetry: Telemetry;
  readonly clock: ManualClock;
} {
  const clock = new ManualClock(new Date(scrapedAt.getTime() - 900_000));
  const telemetry = createTelemetry({ version: "1.2.3", perTenant, clock });
  for (const event of events) telemetry.tell(event);
  telemetry.onStoreRequest({ store: dubai, operation: "create", ms: 30, bytes: 1024, outcome: "done" });
  telemetry.onStoreRequest({
    store: frankfurt,
    operation: "read",
    ms: 5000,
    bytes: 0,
    outcome: "store/unreachable",
  });
  telemetry.setFleet(() => Promise.resolve([healthy(), broken(), fresh()]));
  telemetry.setCounts(() => Promise.resolve({ retentionStopped: 2, gone: 1 }));
  telemetry.setQueues(() =>
    Promise.resolve([
      { queue: "backup", state: "active", jobs: 2 },
      { queue: "verify", state: "dead", jobs: 1 },
    ]),
  );
  clock.advance(900_000);
  return { telemetry, clock };
}
