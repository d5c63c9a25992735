/** What came of a challenge, in the words of its port. */
import type { CheckResult } from "../model/check.ts";
import { choose } from "../model/choose.ts";
import type { BackupId, StoreName } from "../model/ids.ts";
import type { TenantStates } from "../repository/states.ts";
import type { VerifyReport } from "../verify/report.ts";
import type { Outcome, Traces, Witness } from "./damage.ts";

export interface Seen {
  readonly outcome: Outcome;
  /** Who saw it. Empty when nothing was seen. */
  readonly by: readonly Witness[];
  /** One line for people. */
  readonly detail: string;
}

/** By its verdict, and by the checks that led to it. */
export function seenByVerification({ verdict, checks, error }: VerifyReport): Seen {
  switch (verdict) {
    case "proven":
      return { outcome: verdict, by: [], detail: "every check passed" };
    case "refuted": {
      const failed = checks.filter(({ outcome }) => outcome === "failed");
      return { outcome: verdict, by: failed.map(({ name }) => name), detail: detailOf(failed[0]) };
    }
    case "inconclusive": {
      const open = checks.filter(({ outcome, because }) => outcome === "not-run" && because !== "irrelevant");
      const detail = error?.message ?? open[0]?.detail ?? "nothing was examined";
      return { outcome: verdict, by: open.map(({ name }) => name), detail };
    }
  }
}

/** By what `list` shows of one copy, and whether a restore from it alone would take it for proven. */
export function seenByListing(
  { backups, gaps, notes }: TenantStates,
  { backup, store }: { readonly backup: BackupId; readonly store: StoreName },
): Seen {
  const by = ["list"] as const;
  const entry = backups.find((one) => one.backup === backup);
  const copy = entry?.copies.get(store);
  const note = notes.find((one) => one.store === store && (one.backup ?? backup) === backup)?.note;
  const gap = gaps.find(({ missing }) => missing === backup);
  const taken = choose(backups, { backup, store, allowUnproven: false }, [store]);
  if (taken !== null) return { outcome: "proven", by, detail: "a restore would take the copy for proven" };
  if (entry === undefined || copy === undefined)
    return {
      outcome: "missing",
      by,
      detail:
        note ??
        (gap === undefined ? "no store shows the backup" : `${gap.backup} names it as the one before`),
    };
  if (entry.suspect) return { outcome: "not-believed", by, detail: note ?? "the record is suspect" };
  switch (copy.state) {
    case "missing":
      return { outcome: "missing", by, detail: note ?? `${store} shows no copy` };
    case "damaged":
      return { outcome: "damaged", by, detail: note ?? "the copy is not whole" };
    case "present":
      return { outcome: "unproven", by, detail: note ?? "no proof counts for the copy" };
  }
}

/** Whether who saw it is whom this damage is meant for. */
export function isSeenByMeant({ seenBy }: Traces, { by }: Pick<Seen, "by">): boolean {
  return seenBy.length === 0 || seenBy.some((witness) => by.includes(witness));
}

/** Whether it was the damage that was seen, and not something else that went wrong meanwhile. */
export function isTraceOf({ says }: Traces, { detail }: Pick<Seen, "detail">): boolean {
  return says === undefined || says.test(detail);
}

function detailOf(check: CheckResult | undefined): string {
  const [finding] = check?.findings ?? [];
  if (finding === undefined) return check?.detail ?? "";
  return `${finding.subject}: ${finding.difference}`;
}
