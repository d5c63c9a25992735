/**
 * Which backups retention keeps, by which rule, and what would remove the others and when: a pure rule
 * (promise 6). Only proven backups fill the places of a plan; whatever nobody has proven neither fills
 * one nor is hurried away.
 */
import { Temporal } from "temporal-polyfill";
import type { BackupState, CopyState } from "./choose.ts";
import type { BackupId, HoldId, StoreName } from "./ids.ts";
import { newestFirst } from "./newest-first.ts";
import { type Period, periodOf, periods } from "./period.ts";

export interface Keepable {
  readonly state: BackupState;
  /** Holds upon this backup, those upon the whole tenant included. */
  readonly holds: readonly HoldId[];
  /** When the lock that its stores gave it runs out; null: none. */
  readonly lockedUntil: Date | null;
}

export interface KeepTerms {
  /** Places by period, as the plan gives them. */
  readonly places: Readonly<Record<Period, number>>;
  /** The tenant's; periods are those of its calendar. */
  readonly timeZone: string;
  /** Within which the plan proves a new copy. */
  readonly everyCopyWithinMs: number;
  readonly now: Date;
}

export type KeepRule =
  /** The newest proven backup of one of the newest periods that have one: `2026-11-21`, `2026-W47`, `2026-11`, `2026`. */
  | { readonly kind: Period; readonly period: string }
  /** Proven in this store, and nothing newer is, there. */
  | { readonly kind: "last-proven"; readonly store: StoreName }
  /** Proven, whole somewhere, and nothing newer is. */
  | { readonly kind: "newest-proven" }
  | { readonly kind: "recent"; readonly until: string }
  /** Not proven. Without an end while nothing newer is proven either. */
  | { readonly kind: "unproven"; readonly until: string | null }
  | { readonly kind: "held"; readonly hold: HoldId }
  | { readonly kind: "locked"; readonly until: string }
  | { readonly kind: "suspect" };

export interface Keeping {
  readonly backup: BackupId;
  /** Empty: it is to go. */
  readonly keptBy: readonly KeepRule[];
  /**
   * Why it goes, and from when it may; later than now when a rule with an end still keeps it. Null while
   * a rule keeps it whose end nobody can know.
   */
  readonly removal: { readonly reason: RemovalReason; readonly from: string } | null;
}

/** `outlived`: newer proven backups fill every place. The others: never proven, and newer ones are. */
export type RemovalReason = "outlived" | "unproven" | "refuted";

/** Whatever was made within a day stays: a place of a day has room for one, and people go back by hours. */
export const recentMs = 24 * 3_600_000;
/** A backup that was never proven outlives newer proven ones by so long, for somebody to look at it. */
export const unprovenMs = 30 * 86_400_000;

/**
 * One answer for every backup, newest first. Adding a newer backup never brings back an older one that
 * was to go, whatever is known of the newer one.
 */
export function keep(backups: readonly Keepable[], terms: KeepTerms): readonly Keeping[] {
  const sorted = backups.toSorted((one, other) => newestFirst(one.state, other.state));
  const rules = new Map<BackupId, KeepRule[]>(sorted.map(({ state }) => [state.backup, []]));
  const give = ({ state }: Keepable, rule: KeepRule): void => {
    rules.get(state.backup)?.push(rule);
  };
  const proven = sorted.filter(({ state }) => isProven(state));
  const [newest] = proven;
  if (newest !== undefined) give(newest, { kind: "newest-proven" });
  for (const period of periods) fillPlaces(proven, period, terms, give);
  keepLastOfStores(sorted, give);
  for (const one of sorted) {
    for (const rule of ownRules(one, newest ?? null, terms)) give(one, rule);
  }
  return sorted.map((one) => {
    const keptBy = rules.get(one.state.backup) ?? [];
    return { backup: one.state.backup, keptBy, removal: removalOf(one, keptBy) };
  });
}

/** Whether it fills places: a copy was proven and, since all copies hold the same bytes, one is whole. */
export function isProven({ suspect, copies }: BackupState): boolean {
  const all = [...copies.values()];
  return !suspect && all.some(({ proof }) => proof?.verdict === "proven") && all.some(isWhole);
}

function isWhole({ state, proof }: CopyState): boolean {
  return state === "present" && proof?.verdict !== "refuted";
}

/** The newest proven backup of each of the last so many periods that have one. */
function fillPlaces(
  proven: readonly Keepable[],
  period: Period,
  { places, timeZone }: KeepTerms,
  give: (one: Keepable, rule: KeepRule) => void,
): void {
  const filled = new Set<string>();
  for (const one of proven) {
    const name = periodOf(one.state.at, period, timeZone);
    if (filled.has(name)) continue;
    if (filled.size >= places[period]) return;
    filled.add(name);
    give(one, { kind: period, period: name });
  }
}

/**
 * A damaged copy counts until a newer one is proven in its store: the damage may be a listing that lacks
 * objects today, or be healed. It takes no other's place meanwhile.
 */
function keepLastOfStores(sorted: readonly Keepable[], give: (one: Keepable, rule: KeepRule) => void): void {
  const seen = new Set<StoreName>();
  const seenWhole = new Set<StoreName>();
  for (const one of sorted) {
    if (one.state.suspect) continue;
    for (const [store, copy] of one.state.copies) {
      if (copy.state === "missing" || copy.proof?.verdict !== "proven" || seenWhole.has(store)) continue;
      if (copy.state === "present") seenWhole.add(store);
      else if (seen.has(store)) continue;
      seen.add(store);
      give(one, { kind: "last-proven", store });
    }
  }
}

/** What keeps a backup whatever others there are, the newest proven one aside. */
function ownRules(
  { state, holds, lockedUntil }: Keepable,
  newestProven: Keepable | null,
  { everyCopyWithinMs, now }: KeepTerms,
): readonly KeepRule[] {
  const rules: KeepRule[] = holds.map((hold) => ({ kind: "held", hold }));
  if (state.suspect) rules.push({ kind: "suspect" });
  const nowMs = now.getTime();
  const recentUntilMs = epochMs(state.at) + recentMs;
  if (nowMs < recentUntilMs) rules.push({ kind: "recent", until: instantAt(recentUntilMs) });
  if (lockedUntil !== null && nowMs < lockedUntil.getTime()) {
    rules.push({ kind: "locked", until: lockedUntil.toISOString() });
  }
  if (!isProven(state)) {
    const untilMs = epochMs(state.at) + Math.max(everyCopyWithinMs, unprovenMs);
    if (newestProven === null || newestFirst(state, newestProven.state) < 0) {
      rules.push({ kind: "unproven", until: null });
    } else if (nowMs < untilMs) {
      rules.push({ kind: "unproven", until: instantAt(untilMs) });
    }
  }
  return rules;
}

function removalOf({ state }: Keepable, keptBy: readonly KeepRule[]): Keeping["removal"] {
  let fromMs = epochMs(state.at);
  for (const rule of keptBy) {
    const until = "until" in rule ? rule.until : null;
    if (until === null) return null;
    fromMs = Math.max(fromMs, epochMs(until));
  }
  return { reason: reasonOf(state), from: instantAt(fromMs) };
}

function reasonOf(state: BackupState): RemovalReason {
  if (isProven(state)) return "outlived";
  return state.copies.values().some(({ proof }) => proof?.verdict === "refuted") ? "refuted" : "unproven";
}

function epochMs(instant: string): number {
  return Temporal.Instant.from(instant).epochMilliseconds;
}

function instantAt(ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toString({ fractionalSecondDigits: 3 });
}
