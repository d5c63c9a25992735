/** What a backup came to, as data; the JSON of `holdfast backup` (design, section 10). */
import type { Failure } from "../base/failure.ts";
import type { Fingerprint } from "../model/fingerprint.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import type { Committed } from "../repository/draft-state.ts";

export interface CopyReport {
  readonly state: "present" | "missing";
  /** Why it is missing. */
  readonly reason?: string;
}

export interface BackupReport {
  readonly tenant: TenantId;
  /** Null when it failed: an id names only what exists. */
  readonly backup: BackupId | null;
  readonly kind: BackupKind;
  readonly state: "complete" | "degraded" | "failed";
  readonly tables: number;
  readonly rows: number;
  readonly plainBytes: number;
  /** Sealed bytes of one copy that were new, and that lay in the stores already. */
  readonly uploadedBytes: number;
  readonly reusedBytes: number;
  readonly objects: number;
  readonly seconds: number;
  readonly copies: Readonly<Record<StoreName, CopyReport>>;
  /** Only where it failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null };
}

export function reportOf(
  { tenant, kind }: Pick<BackupReport, "tenant" | "kind">,
  committed: Committed,
  fingerprint: Fingerprint,
  seconds: number,
): BackupReport {
  const { backup, state, plainBytes, uploadedBytes, reusedBytes, objects, copies } = committed;
  return {
    tenant,
    backup,
    kind,
    state,
    tables: fingerprint.tables.length,
    rows: fingerprint.tables.reduce((total, table) => total + table.rows, 0),
    plainBytes,
    uploadedBytes,
    reusedBytes,
    objects,
    seconds,
    copies: Object.fromEntries(Array.from(copies, ([store, failure]) => [store, copyOf(failure)])),
  };
}

/** The report of a backup that did not come to be. */
export function failedReport(
  {
    tenant,
    kind,
    stores,
  }: { readonly tenant: TenantId; readonly kind: BackupKind; readonly stores: readonly StoreName[] },
  failure: Failure,
  seconds: number,
): BackupReport {
  const missing: CopyReport = { state: "missing" };
  const { code, message, hint } = failure;
  return {
    tenant,
    backup: null,
    kind,
    state: "failed",
    tables: 0,
    rows: 0,
    plainBytes: 0,
    uploadedBytes: 0,
    reusedBytes: 0,
    objects: 0,
    seconds,
    copies: Object.fromEntries(stores.map((store) => [store, missing])),
    error: { code, message, hint: hint ?? null },
  };
}

function copyOf(failure: Failure | null): CopyReport {
  return failure === null ? { state: "present" } : { state: "missing", reason: failure.message };
}
