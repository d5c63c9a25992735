import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";

export interface ScrubReport {
  readonly tenant: TenantId;
  readonly store: StoreName;
  /** Objects and signed documents whose bytes are what they should be. */
  readonly whole: number;
  readonly damaged: number;
  readonly missing: number;
  /** Said to be damaged before, and whole. */
  readonly recovered: number;
  /** Signed documents whose bytes show no damage, by signers that are not trusted for them, or no more. */
  readonly untrusted: number;
  /** Backups that were made with another key set than the one that lies here under its number, oldest first. */
  readonly unopenable: readonly BackupId[];
  /** Read. */
  readonly bytes: number;
  readonly seconds: number;
  /** The first of them, sorted; the counts are of all. */
  readonly damagedKeys: readonly ObjectKey[];
  readonly missingKeys: readonly ObjectKey[];
  /** Stores that hold the signed findings; none where there was nothing to state, or nobody to sign. */
  readonly findingsIn: readonly StoreName[];
  /** What could not be looked at, and what is to be known beside it. */
  readonly notes: readonly string[];
}
