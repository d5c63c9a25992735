/**
 * The queue that daemons share, over pg-boss in a schema of its own beside the catalog. A job is taken
 * by one worker at a time and lives on when that worker dies: its heartbeat stops, and another takes
 * it. So a job may be begun more than once, and whoever works it asks first whether it is done.
 *
 * Failures: "catalog/unreachable" (retryable), "catalog/failed".
 */
import type { Waiting } from "../base/waiting.ts";
import type { Job, QueueName } from "../model/job.ts";
import type { TenantId } from "../model/ids.ts";
import type { TransactionSql } from "./catalog.ts";

export interface JobQueue extends AsyncDisposable {
  /**
   * Adds jobs that may start after `afterMs`; in the transaction of `sql` when given, or not at all. A job
   * whose key waits or runs already is left out, except for backups: there a slot of its own may pass
   * while an earlier one is still being worked.
   */
  add(
    jobs: readonly NewJob[],
    how: { readonly afterMs?: number; readonly sql?: TransactionSql },
    wait: Waiting,
  ): Promise<void>;
  /** Takes jobs of a queue, `places` at once, until told to stop. `handle` never throws. */
  take(queue: QueueName, places: number, handle: (taken: TakenJob) => Promise<JobEnd>): Promise<Taking>;
  /**
   * Frees the jobs of workers that died; to be called every few seconds by each daemon. For a while after the
   * queue was opened, or did not answer, it only asks whether it does: then the silence of a worker says nothing.
   */
  supervise(wait: Waiting): Promise<void>;
  /** As of a few seconds ago. */
  counts(wait: Waiting): Promise<readonly QueueCount[]>;
  /** Work that was given up and has not been done since; at most one a key. */
  deadLetters(wait: Waiting): Promise<readonly DeadLetter[]>;
  /** The work is not wanted any more. */
  dropDeadLetters(dead: readonly DeadLetter[], wait: Waiting): Promise<void>;
  /** Daemons that are connected now, by host. */
  daemons(wait: Waiting): Promise<readonly Daemon[]>;
  /** Whether a backup of the tenant could begin now, or within a minute, and waits. */
  backupWaits(tenant: TenantId, wait: Waiting): Promise<boolean>;
  /** Jobs that are being worked, or whose worker died and was not missed yet; longest running first. */
  running(limit: number, wait: Waiting): Promise<readonly RunningJob[]>;
}

export interface Taking {
  /** Takes no more; resolves once those that run have ended. Safe to call twice. */
  stop(): Promise<void>;
}

export interface NewJob {
  readonly job: Job;
  /** Of that source at most `places` run at once; null for what reads no source. */
  readonly source: { readonly name: string; readonly places: number } | null;
}

export interface TakenJob extends NewJob {
  readonly id: string;
  /** 0 for the first. */
  readonly attempt: number;
  /** Whether somebody had it before, who may have done it and died before it could be told. */
  readonly begun: boolean;
  /** When it was first put into the queue, by the catalog's clock. */
  readonly since: Date;
  /** Whether a failure of this attempt would be the end of it. */
  readonly last: boolean;
}

export type JobEnd =
  | { readonly kind: "done" }
  /** Somebody else is at it, or we are to stop: back into the queue, which counts as no attempt. */
  | { readonly kind: "later"; readonly afterMs: number }
  /** Tried again with growing delays when `retryable`, else a dead letter at once. */
  | { readonly kind: "failed"; readonly code: string; readonly retryable: boolean };

export interface Daemon {
  readonly host: string;
  /** When it last spoke to the catalog; null where our login may not see that. */
  readonly heardAt: Date | null;
}

export interface RunningJob {
  readonly job: Job;
  readonly since: Date;
}

/** Waits for a worker; waits for its time to come, or to come again; is being worked; was given up. */
export type QueueState = "ready" | "deferred" | "active" | "dead";

export interface QueueCount {
  readonly queue: QueueName;
  readonly state: QueueState;
  readonly jobs: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: QueueName;
  readonly job: Job;
  readonly key: string;
  /** What it failed with; null when its worker died. */
  readonly code: string | null;
  readonly at: Date;
}
