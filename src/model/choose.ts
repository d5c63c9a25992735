/** Which backup to restore: a pure rule over what the stores hold. */
import type { BackupId, StoreName } from "./ids.ts";
import type { BackupKind, Verdict } from "./glossary.ts";
import { compareInstants } from "./instant.ts";
import { newestFirst } from "./newest-first.ts";

export interface CopyState {
  readonly state: "present" | "missing" | "damaged";
  /** The newest trusted proof of this copy, bound to this record and this store. */
  readonly proof: { readonly verdict: Verdict; readonly at: string } | null;
}

export interface BackupState {
  readonly backup: BackupId;
  readonly kind: BackupKind;
  /** The recovery point. */
  readonly at: string;
  readonly plainBytes: number;
  /** Its time lies in the future by the reader's clock, or its signature is not trusted: never latest, never counted. */
  readonly suspect: boolean;
  readonly copies: ReadonlyMap<StoreName, CopyState>;
}

export interface Wish {
  readonly backup?: BackupId | undefined;
  /** Only backups whose recovery point lies at or before this instant. */
  readonly before?: string | undefined;
  readonly store?: StoreName | undefined;
  readonly allowUnproven: boolean;
}

export interface Choice {
  readonly backup: BackupState;
  /**
   * Stores to read from, the best first: whole and proven, whole, damaged or refuted; within these in
   * the order of preference. Every byte is checked, so that even a bad copy may help with single objects.
   */
  readonly stores: readonly StoreName[];
  readonly proven: boolean;
}

/**
 * The newest backup that was proven by one of its copies and is still whole in one; all copies hold the
 * same bytes, so the two need not be the same. With `allowUnproven` the newest that is whole in one, or,
 * where it is named, one whose damaged copies may be whole together: every object is checked as it is read.
 * Returns null when nothing suits. With `store` only the copy there counts for either.
 */
export function choose(
  backups: readonly BackupState[],
  wish: Wish,
  preferred: readonly StoreName[],
): Choice | null {
  const candidates = backups
    .filter((one) => !one.suspect)
    .filter((one) => wish.backup === undefined || one.backup === wish.backup)
    .filter((one) => wish.before === undefined || compareInstants(one.at, wish.before) <= 0)
    .toSorted(newestFirst);
  for (const backup of candidates) {
    const counting = preferred.filter((store) => wish.store === undefined || store === wish.store);
    const proven = counting.some((store) => backup.copies.get(store)?.proof?.verdict === "proven");
    const whole =
      counting.some((store) => isWhole(backup.copies.get(store))) ||
      (wish.allowUnproven && wish.backup !== undefined && wish.store === undefined && isHeld(backup));
    if (whole && (proven || wish.allowUnproven)) {
      const stores = preferred
        .filter((store) => rank(backup.copies.get(store)) < ranks.missing)
        .toSorted((one, other) => rank(backup.copies.get(one)) - rank(backup.copies.get(other)));
      return { backup, stores: asked(stores, wish), proven };
    }
  }
  return null;
}

/** The store that was asked for is read first. */
function asked(stores: readonly StoreName[], { store }: Wish): readonly StoreName[] {
  return store === undefined ? stores : [store, ...stores.filter((one) => one !== store)];
}

function isWhole(copy: CopyState | undefined): boolean {
  return copy?.state === "present" && copy.proof?.verdict !== "refuted";
}

function isHeld({ copies }: BackupState): boolean {
  return copies.values().some(({ state }) => state !== "missing");
}

const ranks = { proven: 0, whole: 1, bad: 2, missing: 3 } as const;

function rank(copy: CopyState | undefined): number {
  if (copy === undefined || copy.state === "missing") return ranks.missing;
  if (!isWhole(copy)) return ranks.bad;
  return copy.proof?.verdict === "proven" ? ranks.proven : ranks.whole;
}
