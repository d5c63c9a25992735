/** The chain of a tenant's records: each names the one before it, so that withholding shows. */
import type { BackupId, ObjectKey } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import type { GoodRecord } from "./records.ts";

export interface Gap {
  readonly kind: "gap";
  /** The record that names what is missing. */
  readonly backup: BackupId;
  /** The record that no store showed. */
  readonly missing: BackupId;
  readonly reason: "absent" | "altered";
}

/**
 * Every good record whose predecessor no store shows, or shows with other bytes. Two backups made at
 * once may name the same predecessor; that is a fork, and nothing is missing. Nor is what a trusted
 * list in `removed` condemned: retention took it away. What is held must not be in `removed`.
 */
export function gaps(records: readonly GoodRecord[], removed: ReadonlySet<ObjectKey>): readonly Gap[] {
  const digests = Map.groupBy(records, (one) => one.backup);
  return distinct(records).flatMap(({ backup, record: { tenant, previous } }): Gap[] => {
    if (previous === null) return [];
    const shown = digests.get(previous.backup);
    if (shown === undefined && removed.has(recordKey(tenant, previous.backup))) return [];
    if (shown === undefined) return [{ kind: "gap", backup, missing: previous.backup, reason: "absent" }];
    const same = shown.some((one) => one.sha256 === previous.sha256);
    return same ? [] : [{ kind: "gap", backup, missing: previous.backup, reason: "altered" }];
  });
}

/** The end of the chain: the highest counter, the newest of those; null when there is no good record. */
export function chainEnd(records: readonly GoodRecord[]): GoodRecord | null {
  return records.reduce<GoodRecord | null>(
    (end, one) => (end === null || isLater(one, end) ? one : end),
    null,
  );
}

function isLater(one: GoodRecord, other: GoodRecord): boolean {
  const counters = one.record.counter - other.record.counter;
  return counters === 0 ? one.backup > other.backup : counters > 0;
}

/** One of each backup, oldest first. */
export function distinct(records: readonly GoodRecord[]): readonly GoodRecord[] {
  const byBackup = new Map(records.toReversed().map((one) => [one.backup, one]));
  return [...byBackup.values()].toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
}
