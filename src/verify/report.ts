/** What a verification came to, as data; the JSON of `holdfast verify` (design, section 10). */
import type { FailureCode } from "../base/failure.ts";
import type { CheckResult } from "../model/check.ts";
import type { Verdict } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";

export interface VerifyReport {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly store: StoreName;
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly checks: readonly CheckResult[];
  /** What the backup leaves out, and what the proof therefore does not cover. */
  readonly excluded: readonly string[];
  /** How many objects hold something else than they are named for: a host that may sign records lied. */
  readonly misnamed: number;
  /** Stores that hold the proof; empty when none could be written. */
  readonly proofIn: readonly StoreName[];
  /** Why it lies nowhere, or why one store or another does not hold it. */
  readonly unwritten: readonly string[];
  /** Remarks of the load: what was retried, re-spelled or placed otherwise. */
  readonly notes: readonly string[];
  /** Only where a machine failed us. */
  readonly error?: { readonly code: FailureCode; readonly message: string; readonly hint: string | null };
}
