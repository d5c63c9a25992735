import { sql } from "kysely";
import type { BackupKind } from "../model/glossary.ts";
import type { TenantHealth } from "../model/health.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { Db } from "./tables.ts";

/** As `standing.ts` writes it; instants are milliseconds since 1970. */
interface Standing {
  readonly tenant: TenantId;
  readonly lastSuccess: readonly (readonly [BackupKind, number])[];
  readonly expectedIntervalMs: number | null;
  readonly copies: number;
  readonly copiesRequired: number;
  readonly proofs: readonly (readonly [StoreName, number])[];
  readonly proofDueAt: number | null;
  readonly scrubDueAt: number | null;
  readonly refutedCopies: number;
  readonly recoveryPoint: number | null;
  readonly recoveryPointMs: number;
  readonly recoveryTimeMs: number;
}

/**
 * Tenants with terms, by name. With many tenants most of the time would go into taking rows and columns apart
 * and numbers and instants out of text; one document is read at once.
 */
export async function readHealth(db: Db): Promise<readonly TenantHealth[]> {
  const { rows } = await sql<{ standings: string }>`
    select '[' || coalesce(string_agg(s.doc, ','), '') || ']' as standings
    from holdfast.standing s`.execute(db);
  const [row] = rows;
  if (row === undefined) return [];
  const standings: readonly Standing[] = JSON.parse(row.standings);
  return standings.map(healthOf).toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1));
}

function healthOf(standing: Standing): TenantHealth {
  const { recoveryPointMs, recoveryTimeMs } = standing;
  return {
    tenant: standing.tenant,
    lastSuccess: new Map(standing.lastSuccess.map(([kind, at]) => [kind, new Date(at)])),
    expectedIntervalMs: standing.expectedIntervalMs,
    copies: standing.copies,
    copiesRequired: standing.copiesRequired,
    proofs: new Map(standing.proofs.map(([store, at]) => [store, new Date(at)])),
    proofDueAt: instant(standing.proofDueAt),
    scrubDueAt: instant(standing.scrubDueAt),
    refutedCopies: standing.refutedCopies,
    recoveryPoint: instant(standing.recoveryPoint),
    objectives: { recoveryPointMs, recoveryTimeMs },
  };
}

function instant(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
