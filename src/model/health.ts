/** How a tenant stands, as metrics, status and the observer tell it; from the catalog or from the stores alone. */
import type { BackupKind } from "./glossary.ts";
import type { StoreName, TenantId } from "./ids.ts";

export interface TenantHealth {
  readonly tenant: TenantId;
  /** Recovery point of the newest backup of each kind that counts. */
  readonly lastSuccess: ReadonlyMap<BackupKind, Date>;
  /**
   * From when on the next backup of each kind that is scheduled is late; left out by who cannot know which ones
   * retention has removed since.
   */
  readonly lateFrom?: ReadonlyMap<BackupKind, Date>;
  /** Within which a new backup is expected; null: no schedule. */
  readonly expectedIntervalMs: number | null;
  /** Whole copies of the newest backup that counts, and how many the plan wants. */
  readonly copies: number;
  readonly copiesRequired: number;
  /** Newest `proven` verdict on a copy in each store. */
  readonly proofs: ReadonlyMap<StoreName, Date>;
  /** When the copy that has waited longest for its proof is or was due; null: none waits. */
  readonly proofDueAt: Date | null;
  /** When the copy whose last scrub lies back farthest is or was due to be scrubbed; null or left out: none is known to be. */
  readonly scrubDueAt?: Date | null;
  /** Copies whose newest decisive proof refuted them, or which are known to be damaged. */
  readonly refutedCopies: number;
  /** Recovery point of the newest backup with a proven copy; null: there is none. */
  readonly recoveryPoint: Date | null;
  /** Recovery point of the oldest backup that is believed, whatever became of its copies; null: there is none. */
  readonly oldest: Date | null;
  readonly objectives: { readonly recoveryPointMs: number; readonly recoveryTimeMs: number };
}

export const breachKinds = [
  "backup-late",
  "proof-late",
  "scrub-late",
  "refuted",
  "copies",
  "recovery-point",
  "never-backed-up",
] as const;
export type Breach = (typeof breachKinds)[number];

/** What is not as the plan wants it at `now`. */
export function breaches(health: TenantHealth, now: Date): readonly Breach[] {
  const found: Breach[] = [];
  const successes = [...health.lastSuccess.values()].map((at) => at.getTime());
  const newest = Math.max(...(successes.length > 0 ? successes : [health.oldest?.getTime() ?? 0]));
  // Backups of which none counts any more were made all the same: what is wrong is their copies.
  if (health.expectedIntervalMs !== null) {
    if (health.oldest === null) found.push("never-backed-up");
    else if (now.getTime() > lateAfterMs(newest, health.expectedIntervalMs) || isKindLate(health, now))
      found.push("backup-late");
  }
  if (health.proofDueAt !== null && health.proofDueAt < now) found.push("proof-late");
  const { scrubDueAt = null } = health;
  if (scrubDueAt !== null && scrubDueAt < now) found.push("scrub-late");
  if (health.refutedCopies > 0) found.push("refuted");
  if (health.oldest !== null && health.copies < health.copiesRequired) found.push("copies");
  const ageMs = recoveryPointAgeMs(health, now);
  if (ageMs !== null && ageMs > health.objectives.recoveryPointMs) found.push("recovery-point");
  return found;
}

/** A failing weekly must not hide behind dailies that go well. */
function isKindLate({ lateFrom }: TenantHealth, now: Date): boolean {
  return lateFrom !== undefined && lateFrom.values().some((from) => from < now);
}

/**
 * Age of the newest proven backup. Where none is proven, or none any more, that of the oldest there is: so long
 * nobody has shown that anything can be restored. Null without any backup.
 */
export function recoveryPointAgeMs(
  { recoveryPoint, oldest }: Pick<TenantHealth, "recoveryPoint" | "oldest">,
  now: Date,
): number | null {
  const since = recoveryPoint ?? oldest;
  return since === null ? null : now.getTime() - since.getTime();
}

/** When the next backup after one of `sinceMs` is late, in milliseconds since 1970. */
export function lateAfterMs(sinceMs: number, intervalMs: number): number {
  return sinceMs + intervalMs * lateFactor;
}

/** A backup takes its time, and starts are spread: only a quarter more than the interval is late. */
const lateFactor = 1.25;
