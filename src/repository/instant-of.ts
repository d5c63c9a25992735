import { timeOfName } from "../base/clock.ts";
import type { BackupId } from "../model/ids.ts";

/**
 * The time a backup's id claims, as ISO 8601. Whoever writes to a store may leave names there whose digits are no time:
 * those are taken to be as old as can be, since rules that count in hours would find no answer.
 */
export function instantOf(backup: BackupId): string {
  return (timeOfName(backup) ?? new Date(0)).toISOString();
}
