import { sql } from "kysely";
import type { Waiting } from "../base/waiting.ts";
import type { BackupKind } from "../model/glossary.ts";
import { lateAfterMs, type TenantHealth } from "../model/health.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { asked } from "./failures.ts";
import type { Db } from "./tables.ts";

/** One tenant as `standing.ts` writes it, in that order; instants are milliseconds since 1970. */
type Standing = readonly [
  tenant: TenantId,
  lastSuccess: readonly (readonly [BackupKind, number])[],
  expectedIntervalMs: number | null,
  copies: number,
  copiesRequired: number,
  proofs: readonly (readonly [StoreName, number])[],
  proofDueAt: number | null,
  scrubDueAt: number | null,
  refutedCopies: number,
  recoveryPoint: number | null,
  recoveryPointMs: number,
  recoveryTimeMs: number,
  oldest: number | null,
  kindWaits: readonly (readonly [BackupKind, sinceMs: number, intervalMs: number])[],
];

/**
 * A reader of the tenants with terms, by name. With many of them most of the time would go into taking columns
 * apart, so each is one short text; and a text that is as it was at the reading before is not taken apart again.
 */
export function healthReader(db: Db): (wait: Waiting) => Promise<readonly TenantHealth[]> {
  let known: ReadonlyMap<string, TenantHealth> = new Map();
  return (wait) =>
    asked("read how the tenants stand", wait, async () => {
      const { rows } = await sql<{ doc: string }>`select doc from holdfast.standing`.execute(db);
      const before = known;
      const now = new Map(rows.map(({ doc }) => [doc, before.get(doc) ?? healthOf(doc)]));
      known = now;
      return [...now.values()].sort((one, other) => (one.tenant < other.tenant ? -1 : 1));
    });
}

function healthOf(doc: string): TenantHealth {
  const standing: Standing = JSON.parse(doc);
  const [tenant, lastSuccess, expectedIntervalMs, copies, copiesRequired, proofs] = standing;
  const [, , , , , , proofDueAt, scrubDueAt, refutedCopies, recoveryPoint, recoveryPointMs, recoveryTimeMs] =
    standing;
  const [, , , , , , , , , , , , oldest, kindWaits] = standing;
  return {
    tenant,
    lastSuccess: new Map(lastSuccess.map(([kind, at]) => [kind, new Date(at)])),
    ...(kindWaits.length === 0
      ? {}
      : {
          lateFrom: new Map(
            kindWaits.map(([kind, since, interval]) => [kind, new Date(lateAfterMs(since, interval))]),
          ),
        }),
    expectedIntervalMs,
    copies,
    copiesRequired,
    proofs: new Map(proofs.map(([store, at]) => [store, new Date(at)])),
    proofDueAt: instant(proofDueAt),
    scrubDueAt: instant(scrubDueAt),
    refutedCopies,
    recoveryPoint: instant(recoveryPoint),
    oldest: instant(oldest),
    objectives: { recoveryPointMs, recoveryTimeMs },
  };
}

function instant(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
