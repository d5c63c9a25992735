import { sql } from "kysely";
import { backupKinds } from "../model/glossary.ts";
import type { TenantHealth } from "../model/health.ts";
import { type StoreName, storeName, tenantId } from "../model/ids.ts";
import type { Db, Tables } from "./tables.ts";

interface Row extends Partial<Omit<Tables["standing"], "tenant">> {
  readonly tenant: string;
  readonly copies_required: number;
  readonly expected_interval_ms: string | null;
  readonly recovery_point_ms: string;
  readonly recovery_time_ms: string;
}

/** Tenants with terms, by name. One that was never looked at has nothing. */
export async function readHealth(db: Db): Promise<readonly TenantHealth[]> {
  const { rows } = await sql<Row>`
    select s.*, t.tenant, t.copies_required, t.expected_interval_ms, t.recovery_point_ms, t.recovery_time_ms
    from holdfast.terms t left join holdfast.standing s on s.tenant = t.tenant order by t.tenant`.execute(db);
  return rows.map(healthOf);
}

function healthOf(row: Row): TenantHealth {
  const last = row.last_success ?? {};
  return {
    tenant: tenantId.parse(row.tenant),
    lastSuccess: new Map(
      backupKinds.flatMap((kind) => {
        const at = last[kind];
        return at === undefined ? [] : [[kind, new Date(at)] as const];
      }),
    ),
    expectedIntervalMs: row.expected_interval_ms === null ? null : Number(row.expected_interval_ms),
    copies: row.copies ?? 0,
    copiesRequired: row.copies_required,
    proofs: new Map(
      Object.entries(row.proofs ?? {}).map(([store, at]): [StoreName, Date] => [
        storeName.parse(store),
        new Date(at),
      ]),
    ),
    proofDueAt: row.prove_due_at ?? null,
    scrubDueAt: row.scrub_due_at ?? null,
    refutedCopies: row.refuted_copies ?? 0,
    recoveryPoint: row.recovery_point ?? null,
    objectives: {
      recoveryPointMs: Number(row.recovery_point_ms),
      recoveryTimeMs: Number(row.recovery_time_ms),
    },
  };
}
