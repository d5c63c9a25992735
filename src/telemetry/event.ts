/** What happens, as data: verbs and daemon tell it, and counters, logs and history are made of it. */
import type { FailureCode } from "../base/failure.ts";
import type { BackupKind, Verdict } from "../model/glossary.ts";
import type { BackupId, SourceName, StoreName, TenantId } from "../model/ids.ts";

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
      /** Objects that hold something else than they are named for. */
      readonly misnamed: number;
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
  /** A snapshot of a tenant holds back the vacuum of its source from `opened` to `closed` (trap 7). */
  | {
      readonly kind: "snapshot";
      readonly state: "opened" | "closed";
      readonly source: SourceName;
      readonly tenant: TenantId;
    }
  /** The scheduler looked what is due, and has handed out all slots up to `watermark`. */
  | { readonly kind: "beat"; readonly watermark: Date; readonly slots: number }
  | { readonly kind: "watermark-ahead"; readonly aheadMs: number }
  /** How far the clock of this host is ahead of another one; negative: behind. */
  | { readonly kind: "clock-skew"; readonly against: ClockOf; readonly aheadMs: number }
  /** One pass of the observer over all stores: findings by name, and the newest record that each store shows. */
  | {
      readonly kind: "observed";
      readonly at: Date;
      readonly seconds: number;
      readonly findings: ReadonlyMap<string, number>;
      readonly newestRecords: ReadonlyMap<StoreName, Date>;
    }
  | { readonly kind: "configuration"; readonly result: "loaded" | "refused"; readonly detail: string }
  /** The stores of the configuration in force, told at the start and after each reload. */
  | { readonly kind: "stores"; readonly inUse: readonly StoreName[] }
  /** Sources were asked which databases there are; the tenants of one that did not answer stay as they were. */
  | {
      readonly kind: "discovered";
      readonly answered: readonly SourceName[];
      readonly silent: readonly SourceName[];
    }
  | { readonly kind: "catalog"; readonly up: boolean };

/** What is told when something of one of these kinds happens. */
export type EventOf<Kind extends HoldfastEvent["kind"]> = Extract<HoldfastEvent, { readonly kind: Kind }>;

/** Whose clock ours was compared with. */
export type ClockOf = { readonly kind: "store"; readonly store: StoreName } | { readonly kind: "catalog" };

/** Whom events are told. Never throws and never waits. */
export type Tell = (event: HoldfastEvent) => void;
