/** How a tenant stands by what its stores show, measured against what its plan asks; a pure rule. */
import type { TenantTerms } from "../catalog/catalog.ts";
import { choose, type CopyState } from "../model/choose.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { TenantHealth } from "../model/health.ts";
import type { StoreName } from "../model/ids.ts";
import type { BackupRecord } from "../model/documents.ts";
import type { BackupEntry } from "./backup-entry.ts";

/** The part of a plan that health is measured against; a time of `Infinity`: nothing is asked. */
export type HealthTerms = Omit<TenantTerms, "scrubWithinMs" | "expectedKinds">;

/** The part of a backup that health looks at; who remembers thousands of tenants keeps no more. */
export type Standing = Omit<BackupEntry, "record"> & {
  readonly record: Pick<BackupRecord, "finishedAt" | "counter"> | null;
};

/**
 * Suspect backups never count, nor does a copy that was refuted. A copy in a store of `unasked` is
 * unknown: it may be one of the quorum of a backup that is whole elsewhere, and is never one of `copies`.
 */
export function healthOf(
  backups: readonly Standing[],
  terms: HealthTerms,
  unasked: ReadonlySet<StoreName> = new Set(),
): TenantHealth {
  const believed = backups.filter(({ suspect }) => !suspect);
  const counting = believed.filter((one) => counts(one, terms, unasked));
  const newest = counting.reduce<Standing | null>((found, one) => later(found, one), null);
  const proven = choose(believed, { allowUnproven: false }, terms.stores);
  return {
    tenant: terms.tenant,
    lastSuccess: lastSuccess(counting),
    expectedIntervalMs: terms.expectedIntervalMs,
    copies: newest === null ? 0 : wholeIn(newest, terms.stores).length,
    copiesRequired: terms.copiesRequired,
    proofs: newestProofs(believed, terms.stores),
    proofDueAt: proofDueAt(believed, terms),
    refutedCopies: believed.reduce((sum, one) => sum + badCopies(one, terms.stores), 0),
    recoveryPoint: proven === null ? null : new Date(proven.backup.at),
    oldest: oldestOf(believed, terms.stores),
    objectives: { recoveryPointMs: terms.recoveryPointMs, recoveryTimeMs: terms.recoveryTimeMs },
  };
}

function oldestOf(believed: readonly Standing[], stores: readonly StoreName[]): Date | null {
  const known = believed.filter(({ copies }) => stores.some((store) => copies.has(store)));
  const first = known.reduce((first, { at }) => Math.min(first, Date.parse(at)), Infinity);
  return Number.isFinite(first) ? new Date(first) : null;
}

/** Whether the plan's quorum of stores holds it whole, as far as they could be asked (promise 2). */
export function counts(
  backup: Standing,
  { stores, quorum }: Pick<HealthTerms, "stores" | "quorum">,
  unasked: ReadonlySet<StoreName>,
): boolean {
  const whole = wholeIn(backup, stores);
  const unknown = stores.filter((store) => unasked.has(store) && !whole.includes(store));
  return !backup.suspect && whole.length > 0 && whole.length + unknown.length >= quorum;
}

function wholeIn({ copies }: Standing, stores: readonly StoreName[]): readonly StoreName[] {
  return stores.filter((store) => isWhole(copies.get(store)));
}

function isWhole(copy: CopyState | undefined): boolean {
  return copy?.state === "present" && copy.proof?.verdict !== "refuted";
}

function later(one: Standing | null, other: Standing): Standing {
  return one === null || Date.parse(other.at) > Date.parse(one.at) ? other : one;
}

function lastSuccess(counting: readonly Standing[]): ReadonlyMap<BackupKind, Date> {
  const newest = new Map<BackupKind, Date>();
  for (const { kind, at } of counting) newest.set(kind, latest(newest.get(kind), new Date(at)));
  return newest;
}

function newestProofs(
  believed: readonly Standing[],
  stores: readonly StoreName[],
): ReadonlyMap<StoreName, Date> {
  const newest = new Map<StoreName, Date>();
  for (const store of stores) {
    for (const { copies } of believed) {
      const proof = copies.get(store)?.proof;
      if (proof?.verdict === "proven") newest.set(store, latest(newest.get(store), new Date(proof.at)));
    }
  }
  return newest;
}

function latest(one: Date | undefined, other: Date): Date {
  return one === undefined || other > one ? other : one;
}

/** Whole copies alone wait for a proof: one that is refuted or damaged waits to be healed. */
function proofDueAt(believed: readonly Standing[], terms: HealthTerms): Date | null {
  const due = believed.flatMap((backup) =>
    wholeIn(backup, terms.stores).flatMap((store) => {
      const proof = backup.copies.get(store)?.proof;
      if (proof?.verdict !== "proven")
        return [Date.parse(backup.record?.finishedAt ?? backup.at) + terms.proveWithinMs];
      return terms.proveAgainMs === null ? [] : [Date.parse(proof.at) + terms.proveAgainMs];
    }),
  );
  const first = due.reduce((first, at) => Math.min(first, at), Infinity);
  return Number.isFinite(first) ? new Date(first) : null;
}

function badCopies({ copies }: Standing, stores: readonly StoreName[]): number {
  return stores.filter((store) => {
    const copy = copies.get(store);
    return copy?.state === "damaged" || copy?.proof?.verdict === "refuted";
  }).length;
}
