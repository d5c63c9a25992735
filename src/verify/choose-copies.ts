import { Failure } from "../base/failure.ts";
import type { BackupState } from "../model/choose.ts";
import { type BackupId, backupId, type StoreName, type TenantId } from "../model/ids.ts";

export interface CopyWish {
  readonly tenant: TenantId;
  /** A backup's id, or `latest`. */
  readonly backup: string;
  /** A store's name, or `all`. */
  readonly store: string;
  /** Told where nothing is found: which stores were not asked; empty when all were. */
  readonly unasked?: string;
}

export interface ChosenCopies {
  readonly backup: BackupId;
  /** Stores that hold the copy, damaged ones included: a proof is to tell. */
  readonly stores: readonly StoreName[];
  /** Stores that were asked for and do not hold it. */
  readonly missing: readonly StoreName[];
}

/**
 * Which copies to verify. "backup/none" when the tenant has no backup, "backup/unknown" when not the
 * one named or when no store asked for holds it, "usage/invalid" for names that cannot be.
 */
export function chooseCopies(
  wish: CopyWish,
  backups: readonly BackupState[],
  stores: readonly StoreName[],
): ChosenCopies {
  const chosen = wish.backup === "latest" ? latest(wish, backups) : named(wish, backups);
  const asked = wish.store === "all" ? stores : stores.filter((name) => name === wish.store);
  if (asked.length === 0) {
    throw new Failure(
      "usage/invalid",
      `${wish.tenant} has no store ${wish.store}; it has ${stores.join(", ")}`,
    );
  }
  const isMissing = (name: StoreName): boolean => (chosen.copies.get(name)?.state ?? "missing") === "missing";
  const held = asked.filter((name) => !isMissing(name));
  if (held.length === 0) {
    throw new Failure(
      "backup/unknown",
      `${asked.join(", ")} holds no copy of ${chosen.backup}${wish.unasked ?? ""}`,
    );
  }
  return { backup: chosen.backup, stores: held, missing: asked.filter(isMissing) };
}

function latest(wish: CopyWish, backups: readonly BackupState[]): BackupState {
  const newest = backups.find((one) => !one.suspect);
  if (newest !== undefined) return newest;
  const { tenant, unasked = "" } = wish;
  const none = backups.length === 0 ? `${tenant} has no backup` : `no backup of ${tenant} is believed`;
  throw new Failure("backup/none", `${none}${unasked}`, { hint: wayOn(wish, backups.length > 0) });
}

/** Where none is found that a host believes: what is in no store that was asked may lie in another. */
function wayOn({ tenant, unasked = "" }: CopyWish, isAny: boolean): string {
  if (unasked !== "")
    return "a store that was not asked may hold one; `holdfast doctor` shows why it does not answer";
  return isAny
    ? `\`holdfast list ${tenant}\` says why; where it is this host's clock or \`keys.trusted\`, they are good all the same`
    : `\`holdfast backup ${tenant}\` makes one`;
}

function named({ tenant, backup, unasked = "" }: CopyWish, backups: readonly BackupState[]): BackupState {
  const id = backupId.safeParse(backup);
  if (!id.success)
    throw new Failure(
      "usage/invalid",
      `${backup} is not a backup's id; one looks like 20261121T013000Z-k7f3qa`,
    );
  const found = backups.find((one) => one.backup === id.data);
  if (found === undefined)
    throw new Failure("backup/unknown", `no store holds a backup ${backup} of ${tenant}${unasked}`);
  return found;
}
