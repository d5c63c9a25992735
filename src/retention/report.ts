/** What a prune did to one tenant, or would do. */
import type { BackupId, TenantId } from "../model/ids.ts";
import type { RemovalReason } from "../model/keep.ts";
import type { RemovedAgainstPlan } from "./against-plan.ts";
import type { Stop } from "./stop.ts";

export interface PruneReport {
  readonly tenant: TenantId;
  /** `stopped`: nothing more is removed before somebody has looked at `stops`. `erased`: nothing is left for retention. */
  readonly state: "pruned" | "stopped" | "erased";
  readonly stops: readonly Stop[];
  readonly backups: number;
  /** Their records are gone from every store. */
  readonly removed: readonly RemovedBackup[];
  /** Their records are locked in some store, and go later. */
  readonly lockedBackups: readonly BackupId[];
  /** Gone within two days by a prune, though this plan had places for them: another host may go by another plan. */
  readonly againstPlan: readonly RemovedAgainstPlan[];
  /** Keys that were condemned now; their objects may go after the grace time. */
  readonly condemned: Tally;
  /** Taken out of the stores; bytes over all of them. */
  readonly freed: Tally;
  /** Stay because their store locks them: it refused, or would by their age. */
  readonly locked: Tally;
  /** Condemned earlier, and not for long enough. */
  readonly waiting: number;
  /** Condemned, and kept since a record names them. */
  readonly spared: number;
  /** More is left than one prune takes. */
  readonly isCut: boolean;
}

export interface RemovedBackup {
  readonly backup: BackupId;
  readonly at: string;
  readonly reason: RemovalReason;
}

/** `bytes`: of every copy in every store. */
export interface Tally {
  readonly objects: number;
  readonly bytes: number;
}
