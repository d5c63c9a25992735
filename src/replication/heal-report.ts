import type { Failure } from "../base/failure.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";

export interface HealReport {
  readonly tenant: TenantId;
  readonly store: StoreName;
  /** Objects that were damaged or missing and are whole now. */
  readonly healed: number;
  readonly bytes: number;
  /** Objects that were said to be damaged and are not. */
  readonly whole: number;
  /** What could not be healed, and why. */
  readonly unhealed: readonly Unhealed[];
  /** Backups whose copy here was touched, oldest first; their proof is still to come. */
  readonly backups: readonly BackupId[];
  /** Stores that hold the signed statement of what was healed; none where there was nothing to state. */
  readonly findingsIn: readonly StoreName[];
  /** Stores that could not be asked. */
  readonly down: readonly { readonly store: StoreName; readonly failure: Failure }[];
  /** What is to be known beside it. */
  readonly notes: readonly string[];
}

export interface Unhealed {
  readonly key: ObjectKey;
  readonly reason: string;
  /** A store that could not be asked, or would not take it, may yet; otherwise no store holds it whole. */
  readonly mayReturn: boolean;
}
