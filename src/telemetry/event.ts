/** What happens, as data: verbs and daemon tell it, and counters, logs and history are made of it. */
import type { FailureCode } from "../base/failure.ts";
import type { BackupKind, Verdict } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";

export type HoldfastEvent =
  | {
      readonly kind: "backup-ended";
      readonly tenant: TenantId;
      readonly backupKind: BackupKind;
      /** Null when it failed. */
      readonly backup: BackupId | null;
      readonly result: "complete" | "degraded" | "failed";
      readonly code: FailureCode | null;
      readonly seconds: number;
      readonly plainBytes: number;
      readonly uploadedBytes: number;
      readonly reusedBytes: number;
    }
  | {
      readonly kind: "verify-ended";
      readonly tenant: TenantId;
      readonly backup: BackupId;
      readonly store: StoreName;
      readonly verdict: Verdict;
      readonly seconds: number;
    }
  | { readonly kind: "restore-ended"; readonly tenant: TenantId; readonly seconds: number }
  | {
      readonly kind: "scrub-ended";
      readonly tenant: TenantId;
      readonly store: StoreName;
      readonly whole: number;
      readonly damaged: number;
      readonly missing: number;
      readonly bytes: number;
      readonly seconds: number;
    }
  | {
      readonly kind: "healed";
      readonly tenant: TenantId;
      readonly store: StoreName;
      readonly objects: number;
      readonly bytes: number;
    }
  | {
      readonly kind: "pruned";
      readonly tenant: TenantId;
      readonly backups: number;
      readonly objects: number;
      readonly bytes: number;
    }
  | { readonly kind: "prune-stopped"; readonly tenant: TenantId; readonly reason: string }
  | {
      readonly kind: "job-failed";
      readonly queue: string;
      readonly tenant: TenantId | null;
      readonly code: FailureCode;
      readonly final: boolean;
    }
  | { readonly kind: "watermark-ahead"; readonly aheadMs: number }
  | { readonly kind: "configuration"; readonly result: "loaded" | "refused"; readonly detail: string }
  | { readonly kind: "catalog"; readonly up: boolean };

/** Whom events are told. Never throws and never waits. */
export type Tell = (event: HoldfastEvent) => void;
