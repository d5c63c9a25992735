import { notRun, type CheckName, type CheckResult } from "../../model/check.ts";
import type { LoadProblem } from "../load/report.ts";

/** What a server that refuses us something lacks afterwards; rows are never excused. */
const ofCatalogs: ReadonlySet<CheckName> = new Set([
  "objects",
  "constraints",
  "settings",
  "grants",
  "extensions",
]);

/**
 * The comparison of a real target beside what its load met. Where that server could not take a part of the
 * backup, as from an administrator who is no superuser, differences in its catalogs speak of the server and
 * refute nothing: those checks count as not run, with what differs still told.
 */
export function weighTarget(
  checks: readonly CheckResult[],
  problems: readonly LoadProblem[],
): readonly CheckResult[] {
  const lacking = problems.filter(({ kind }) => kind === "machine");
  const [first] = lacking;
  if (first === undefined) return checks;
  const parts = `${String(lacking.length)} part${lacking.length === 1 ? "" : "s"}`;
  const reason = `the target could not take ${parts} of the backup, first ${first.subject}`;
  return checks.map((check) =>
    check.outcome === "failed" && ofCatalogs.has(check.name)
      ? {
          ...notRun(check.name, "machine", `${reason}; ${check.detail}`),
          compared: check.compared,
          findings: check.findings,
        }
      : check,
  );
}
