/**
 * What Holdfast asks of its catalog: policy, history, the scheduler's watermark, who works on what, and
 * an index of what the stores hold. The stores are the truth about backups; all of the index can be
 * made again from any of them, and a restore asks nothing of the catalog (promise 7).
 *
 * Failures: "catalog/unreachable" (retryable), "catalog/failed", "catalog/newer".
 */
import type { ClientConfig } from "pg";
import type { Waiting } from "../base/waiting.ts";
import type { TenantHealth } from "../model/health.ts";
import type { BackupKind, Verdict } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import type { Slot, TenantChoice } from "../model/schedule.ts";

export interface Catalog extends AsyncDisposable {
  /** The catalog's own clock, which the scheduler goes by (trap 37). */
  now(wait: Waiting): Promise<Date>;
  readonly choices: Choices;
  readonly slots: Slots;
  readonly history: History;
  readonly index: Index;
  readonly claims: Claims;
  /** How the queue, which lives in a schema of its own beside ours, reaches the same database: address, login, TLS. */
  readonly connection: ClientConfig;
}

/** Policy: what tenants chose. */
export interface Choices {
  /**
   * One that cannot be read, as a newer Holdfast or a person may have written it, is told and left out: it stops the
   * schedule of no other tenant, and of its own the plan's part goes on.
   */
  all(wait: Waiting, onUnreadable?: (tenant: string) => void): Promise<ReadonlyMap<TenantId, TenantChoice>>;
  of(tenant: TenantId, wait: Waiting): Promise<TenantChoice | null>;
  /** Null takes the choice back. */
  set(tenant: TenantId, choice: TenantChoice | null, wait: Waiting): Promise<void>;
}

/** Which slots were handed out; a slot is handed out once, whoever sees it first. */
export interface Slots {
  /** Null on the first start: nothing before now is due. */
  watermark(wait: Waiting): Promise<Date | null>;
  /**
   * In one transaction: remembers those slots that nobody handed out before, lets `enqueue` put them into the
   * queue over the same connection, and moves the watermark to `upTo`, back as well as forward. Resolves
   * with the slots that were new. When `enqueue` throws nothing of it happened.
   */
  handOut(slots: readonly Slot[], upTo: Date, enqueue: EnqueueSlots, wait: Waiting): Promise<readonly Slot[]>;
  /**
   * The newest slot (by `at`) of each tenant and kind that was ever handed out; what is forgotten of old
   * slots is never this one, and what cannot be read is left out. Asked when the daemon starts or a schedule
   * changed, not at every beat.
   */
  newest(wait: Waiting): Promise<readonly Slot[]>;
  /** Forgets that slots later than `latest` were handed out, which a clock did that was ahead: their time is yet to come. */
  forgetAfter(latest: Date, wait: Waiting): Promise<void>;
}

/** Runs SQL in the transaction of `handOut`; the shape that pg-boss takes as its `db`. */
export interface TransactionSql {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}
export type EnqueueSlots = (slots: readonly Slot[], sql: TransactionSql) => Promise<void>;

export interface RunEntry {
  readonly tenant: TenantId | null;
  readonly verb: "backup" | "verify" | "replicate" | "scrub" | "heal" | "prune" | "restore";
  /** `daily` and so on for backups; null for the others. */
  readonly kind: BackupKind | null;
  readonly host: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly result: "done" | "degraded" | "found" | "failed";
  readonly code: string | null;
  /** Facts without names of tables or values: backup id, bytes, verdicts. */
  readonly facts: Readonly<Record<string, string | number | null>>;
}

export interface History {
  add(entry: RunEntry, wait: Waiting): Promise<void>;
  /** Newest first. */
  recent(
    filter: { readonly tenant?: TenantId; readonly limit: number },
    wait: Waiting,
  ): Promise<readonly RunEntry[]>;
  /**
   * Removes entries that ended before `before`; returns how many. Tenants that nobody has, that have no backup,
   * and of whom nothing was heard since `before` are forgotten altogether.
   */
  forget(before: Date, wait: Waiting): Promise<number>;
}

/** One copy as a look at the stores found it. */
export interface IndexedCopy {
  readonly store: StoreName;
  readonly state: "present" | "missing" | "damaged";
  readonly proof: { readonly verdict: Verdict; readonly at: Date } | null;
}

export interface IndexedBackup {
  readonly backup: BackupId;
  readonly kind: BackupKind;
  readonly at: Date;
  readonly finishedAt: Date;
  readonly plainBytes: number;
  readonly sealedBytes: number;
  readonly suspect: boolean;
  readonly copies: readonly IndexedCopy[];
}

/** What the plan asks, beside what the stores hold; the catalog joins the two. */
export interface TenantTerms {
  readonly tenant: TenantId;
  readonly quorum: number;
  readonly copiesRequired: number;
  readonly stores: readonly StoreName[];
  readonly expectedIntervalMs: number | null;
  /** The same in milliseconds for each kind that is scheduled; left out: for none by itself. */
  readonly expectedKinds?: Readonly<Partial<Record<BackupKind, number>>>;
  readonly recoveryPointMs: number;
  readonly recoveryTimeMs: number;
  readonly proveWithinMs: number;
  readonly proveAgainMs: number | null;
  readonly scrubWithinMs: number;
}

/** A copy that waits for a proof. */
export interface ProofDue {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly store: StoreName;
  readonly dueAt: Date;
}

export interface Index {
  /**
   * The tenants there are, with what their plans ask. Others are dropped from health, not from the index, when nobody
   * has given them for `goneAfterMs`, at once where that is left out. Null: they stay, given by one who cannot
   * know all.
   */
  setTenants(terms: readonly TenantTerms[], wait: Waiting, goneAfterMs?: number | null): Promise<void>;
  /** Those of the tenants that have terms: some host knows them, or did until lately. */
  known(tenants: readonly TenantId[], wait: Waiting): Promise<ReadonlySet<TenantId>>;
  /** Tenants with backups that no host has been giving terms, by name. */
  gone(wait: Waiting): Promise<readonly TenantId[]>;
  /** Replaces all that is known of a tenant's backups in the stores named in `asked`; what others hold stays as it was. */
  refresh(
    tenant: TenantId,
    found: {
      readonly backups: readonly IndexedBackup[];
      readonly asked: readonly StoreName[];
      readonly at: Date;
    },
    wait: Waiting,
  ): Promise<void>;
  /** Forgets all that stores were found to hold; policy, history, terms, scrubs and prunes stay. */
  clear(wait: Waiting): Promise<void>;
  /** Newest recovery point first. */
  backups(tenant: TenantId, wait: Waiting): Promise<readonly IndexedBackup[]>;
  /** Every tenant's health in one query, which takes the server a few milliseconds for 10,000 tenants. By name. */
  health(wait: Waiting): Promise<readonly TenantHealth[]>;
  /**
   * The copies that have waited longest relative to their limit, worst first. Left out are those in no need of a proof,
   * one that was tried in vain for a quarter of its limit, one that was proven for half of its, and copies in the
   * stores `without`.
   */
  proofsDue(limit: number, wait: Waiting, without?: readonly StoreName[]): Promise<readonly ProofDue[]>;
  /**
   * Stores with copies of a tenant that are damaged or refuted and were not healed since that was found; what a
   * heal could not mend comes again after a day. In no order.
   */
  healsDue(
    limit: number,
    wait: Waiting,
  ): Promise<readonly { readonly tenant: TenantId; readonly store: StoreName }[]>;
  /** Refuted copies in stores where something was healed since; they are due at once. In no order. */
  healedUnproven(limit: number, wait: Waiting): Promise<readonly Omit<ProofDue, "dueAt">[]>;
  /**
   * Tenants with a believed backup that one of their stores has whole and another one has not; those whom history
   * shows to have been tried in vain come again after a while. Who waits longest first.
   */
  lackingCopies(limit: number, wait: Waiting): Promise<readonly TenantId[]>;
  /** Tenants whose index was refreshed longest ago, oldest first. */
  stalest(
    limit: number,
    wait: Waiting,
  ): Promise<readonly { readonly tenant: TenantId; readonly refreshedAt: Date | null }[]>;
  /** Remembers that a store's part of a tenant was scrubbed, or pruned. */
  noteScrub(tenant: TenantId, store: StoreName, at: Date, wait: Waiting): Promise<void>;
  notePrune(tenant: TenantId, at: Date, outcome: "done" | "stopped", wait: Waiting): Promise<void>;
  /** Tenants whose last prune was stopped by a finding, longest ago first. */
  stoppedPrunes(
    limit: number,
    wait: Waiting,
  ): Promise<readonly { readonly tenant: TenantId; readonly at: Date }[]>;
  /** Copies of tenants in stores whose scrub is due, longest overdue relative to its limit first. */
  scrubsDue(
    limit: number,
    wait: Waiting,
    without?: readonly StoreName[],
  ): Promise<readonly { readonly tenant: TenantId; readonly store: StoreName }[]>;
  /** Tenants whose last prune lies before `before`, or that had none. */
  prunesDue(before: Date, limit: number, wait: Waiting): Promise<readonly TenantId[]>;
}

/**
 * Who works on what, over all hosts: locks that end with the connection that took them, so that a host
 * that dies holds nobody up. They keep hosts from doing work twice; no promise about data rests on them.
 */
export interface Claims {
  /**
   * Null when somebody else has it. Disposing gives it back. Losing the connection aborts nothing: work goes
   * on, and the claim is taken again as soon as nobody else has it.
   */
  tryTake(claim: Claim, wait: Waiting): Promise<AsyncDisposable | null>;
}

export type Claim =
  /** Changes of a tenant's objects: backup, replicate, heal, prune. */
  | { readonly kind: "tenant-write"; readonly tenant: TenantId }
  /** Reading a tenant's copies: verify, scrub. */
  | { readonly kind: "tenant-read"; readonly tenant: TenantId; readonly store: StoreName }
  /** One of the `places` dumps that a source bears at once, over all hosts. */
  | { readonly kind: "source"; readonly source: string; readonly places: number };
