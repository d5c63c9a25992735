/** Which backup to restore: a pure rule over what the stores hold. */
import type { BackupId, StoreName } from "./ids.ts";
import type { BackupKind, Verdict } from "./glossary.ts";

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
  /** Stores whose copy may be used, proven ones first, in the order of `preferred`. */
  readonly stores: readonly StoreName[];
  readonly proven: boolean;
}

/**
 * The newest backup with a proven copy; with `allowUnproven` the newest with a present one.
 * Returns null when nothing suits. A refuted or damaged copy is never chosen by itself.
 */
export function choose(backups: readonly BackupState[], wish: Wish, preferred: readonly StoreName[]): Choice | null {
  const candidates = backups
    .filter((one) => !one.suspect)
    .filter((one) => wish.backup === undefined || one.backup === wish.backup)
    .filter((one) => wish.before === undefined || one.at <= wish.before)
    .toSorted((one, other) => (one.at === other.at ? (one.backup < other.backup ? 1 : -1) : one.at < other.at ? 1 : -1));
  for (const backup of candidates) {
    const usable = preferred.filter((store) => usableCopy(backup, store, wish));
    const proven = usable.filter((store) => isProven(backup, store));
    if (proven.length > 0) {
      return { backup, stores: [...proven, ...usable.filter((store) => !isProven(backup, store))], proven: true };
    }
    if (wish.allowUnproven && usable.length > 0) return { backup, stores: usable, proven: false };
  }
  return null;
}

function usableCopy(backup: BackupState, store: StoreName, wish: Wish): boolean {
  const copy = backup.copies.get(store);
  if (copy === undefined || copy.state !== "present") return false;
  if (wish.store !== undefined && wish.store !== store) return false;
  return copy.proof?.verdict !== "refuted";
}

function isProven(backup: BackupState, store: StoreName): boolean {
  return backup.copies.get(store)?.proof?.verdict === "proven";
}
