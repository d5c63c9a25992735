import type { BackupId } from "./ids.ts";
import { compareInstants } from "./instant.ts";

interface Dated {
  readonly backup: BackupId;
  /** The recovery point. */
  readonly at: string;
}

/** Orders backups, the newest recovery point first. Ids alone do not: those of one second are in the order of chance. */
export function newestFirst(one: Dated, other: Dated): number {
  return compareInstants(other.at, one.at) || (one.backup < other.backup ? 1 : -1);
}
