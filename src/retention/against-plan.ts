/**
 * What a prune took that this plan would have kept. Hosts may be given plans that differ, and the one that keeps least
 * wins, as a record that is gone keeps nothing; the others would find fewer backups and no word of it, since the signed
 * list that explains a gap is the word of a prune as good as theirs.
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

/** So long it is told, by prunes that run each day. */
const toldMs = 2 * 86_400_000;

/**
 * Backups that no store shows any more, that were condemned within two days, and for which these terms had a place then.
 * None that nobody had proven, which no plan lets go within a month. In doubt nothing is told: every backup that is known
 * counts as one that filled its place, whatever came of it since.
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
    const later = [...removed].filter(([, at]) => Date.parse(at) >= goneMs);
    const left = shown.filter(({ at }) => Date.parse(at) <= goneMs);
    const then = [
      ...later.map(([backup]) => filling(backup, instantOf(backup))),
      ...left.map(({ backup, at }) => filling(backup, at)),
    ];
    const placed = new Set(
      keep(then, { ...terms, now: new Date(goneMs) })
        .filter(({ keptBy }) => keptBy.some((rule) => "period" in rule))
        .map(({ backup }) => backup),
    );
    for (const [backup] of gone) {
      const wasProven = goneMs - Date.parse(instantOf(backup)) < unprovenMs;
      if (wasProven && placed.has(backup)) found.push({ backup, removedAt });
    }
  }
  return found.toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
}

/** Every backup that some list of records names, and the time of the first that does. */
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

/** As if it were proven, whatever it is or was. */
function filling(backup: BackupId, at: string): Keepable {
  const copies = new Map([[anywhere, { state: "present", proof: { verdict: "proven", at } } as const]]);
  const state = { backup, kind: "manual", at, plainBytes: 0, suspect: false, copies } as const;
  return { state, holds: [], lockedUntil: null };
}
