import type { BackupId } from "../model/ids.ts";

/**
 * The time a backup's id claims, as ISO 8601. Whoever writes to a store may leave names there whose digits are no time:
 * those are taken to be as old as can be, since rules that count in hours would find no answer.
 */
export function instantOf(backup: BackupId): string {
  const claimed = Date.parse(
    backup.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*$/, "$1-$2-$3T$4:$5:$6.000Z"),
  );
  return new Date(Number.isNaN(claimed) ? 0 : claimed).toISOString();
}
