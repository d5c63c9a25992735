/**
 * Backups that a prune removed although the plan of this host would have kept them. Two hosts may have different plans
 * for one tenant; then the plan that keeps least decides, as a removed record cannot be kept by anybody. The other host
 * would only see fewer backups: the gap is explained by a validly signed list and stops nothing, so it is reported here.
 */
import { type BackupId, type StoreName, storeName } from "../model/ids.ts";
import { keep, type Keepable, type KeepTerms, unprovenMs } from "../model/keep.ts";
import { isCondemnedRecordsKey, parseRecordKey } from "../model/layout.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { instantOf } from "../repository/instant-of.ts";
import type { Holding } from "./holding.ts";

export interface RemovedAgainstPlan {
  readonly backup: BackupId;
  /** When a prune condemned its record. */
  readonly removedAt: string;
}

/** For how long a removal is reported: prunes run daily, so that at least one of them reports it. */
const toldMs = 2 * 86_400_000;

/**
 * Backups that no store shows any more, that were condemned within `toldMs`, and that these terms would have kept at the
 * time of their removal; sorted by id. Only such as were younger than `unprovenMs` then: before that age no plan lets an
 * unproven backup go, so that these were proven. In doubt nothing is reported: every backup that is known is taken for
 * proven, and so for one that may have filled the place instead.
 */
export function removedAgainstPlan(
  shown: readonly BackupEntry[],
  holdings: ReadonlyMap<StoreName, Holding>,
  terms: KeepTerms,
): readonly RemovedAgainstPlan[] {
  const removed = removals(holdings);
  for (const { backup } of shown) removed.delete(backup);
  const recent = [...removed].filter(([, at]) => terms.now.getTime() - Date.parse(at) <= toldMs);
  const found: RemovedAgainstPlan[] = [];
  for (const [removedAt, gone] of Map.groupBy(recent, ([, at]) => at)) {
    const goneMs = Date.parse(removedAt);
    const then = [
      ...[...removed]
        .filter(([, at]) => Date.parse(at) >= goneMs)
        .map(([backup]) => filling(backup, instantOf(backup))),
      ...shown.filter(({ at }) => Date.parse(at) <= goneMs).map(({ backup, at }) => filling(backup, at)),
    ];
    const placed = placedBy({ ...terms, now: new Date(goneMs) }, then);
    for (const [backup] of gone) {
      const wasProven = goneMs - Date.parse(instantOf(backup)) < unprovenMs;
      if (wasProven && placed.has(backup)) found.push({ backup, removedAt });
    }
  }
  return found.toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
}

/** Those that a place of the plan keeps, such as one of seven days; not those that only a hold or a lock does. */
function placedBy(terms: KeepTerms, backups: readonly Keepable[]): ReadonlySet<BackupId> {
  const kept = keep(backups, terms).filter(({ keptBy }) => keptBy.some((rule) => "period" in rule));
  return new Set(kept.map(({ backup }) => backup));
}

/** Every backup whose record is named by some list of condemned records, and the time (ISO 8601) of the first such list. */
function removals(holdings: ReadonlyMap<StoreName, Holding>): Map<BackupId, string> {
  const first = new Map<BackupId, string>();
  for (const { condemned } of holdings.values()) {
    for (const { key, at, records } of condemned.lists) {
      if (!isCondemnedRecordsKey(key)) continue;
      for (const named of records) {
        const backup = parseRecordKey(named)?.backup;
        if (backup === undefined) continue;
        const before = first.get(backup);
        if (before === undefined || Date.parse(at) < Date.parse(before)) first.set(backup, at);
      }
    }
  }
  return first;
}

const anywhere = storeName.parse("anywhere");

/** A backup as the keep rule sees one that is proven and free to go, whatever is true of it. */
function filling(backup: BackupId, at: string): Keepable {
  const copies = new Map([[anywhere, { state: "present", proof: { verdict: "proven", at } } as const]]);
  const state = { backup, kind: "manual", at, plainBytes: 0, suspect: false, copies } as const;
  return { state, holds: [], lockedUntil: null };
}
