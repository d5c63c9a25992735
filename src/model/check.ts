/** Checks and what they found. A check that could not run is `not-run`, and is never a tick. */
import { z } from "zod";
import type { Verdict } from "./glossary.ts";

export const checkNames = [
  "copy",
  "archive",
  "objects",
  "twin",
  "tables",
  "generated",
  "matviews",
  "sequences",
  "large-objects",
  "extensions",
  "settings",
  "grants",
  "constraints",
  "indexes",
  "assertions",
] as const;
export const checkName = z.enum(checkNames);
export type CheckName = z.infer<typeof checkName>;

export const outcome = z.enum(["passed", "failed", "not-run"]);

/** One difference between what the fingerprint says and what was restored. */
export const finding = z.object({
  /** What differs: `table sales.invoice`, `sequence public.s`, `object tenants/…`. */
  subject: z.string(),
  /** Expected and found, in words; may carry names and values and is therefore only ever sealed or shown to the restorer. */
  difference: z.string(),
  sqlState: z.string().optional(),
});
export type Finding = z.infer<typeof finding>;

export const checkResult = z.object({
  name: checkName,
  outcome,
  /** How many things were compared; a check that compared nothing has still to say why that is right. */
  compared: z.int().nonnegative(),
  /** For `not-run` the reason, for `failed` a summary, for `passed` what was compared. May carry names, never values. */
  detail: z.string(),
  /**
   * Why a `not-run` check matters to the verdict: `irrelevant` when there is nothing to check or the
   * plan leaves it out, `machine` when something broke or is missing here.
   */
  because: z.enum(["irrelevant", "machine"]).optional(),
  findings: z.array(finding),
});
export type CheckResult = z.infer<typeof checkResult>;

/** Findings listed in full; beyond that only their number is told. */
export const findingsMax = 100;

export function passed(name: CheckName, compared: number, detail: string): CheckResult {
  return { name, outcome: "passed", compared, detail, findings: [] };
}

export function failed(name: CheckName, compared: number, findings: readonly Finding[]): CheckResult {
  const first = findings[0];
  const number = `${String(findings.length)} difference${findings.length === 1 ? "" : "s"}`;
  const detail = first === undefined ? "differs" : `${number}, first: ${first.subject}`;
  return { name, outcome: "failed", compared, detail, findings: findings.slice(0, findingsMax) };
}

export function notRun(name: CheckName, because: "irrelevant" | "machine", detail: string): CheckResult {
  return { name, outcome: "not-run", compared: 0, detail, because, findings: [] };
}

/** Passed when nothing differs, failed otherwise. */
export function compareResult(
  name: CheckName,
  compared: number,
  findings: readonly Finding[],
  detail: string,
): CheckResult {
  return findings.length > 0 ? failed(name, compared, findings) : passed(name, compared, detail);
}

/** Without these a copy is never called proven, whatever else passed. */
const essential: readonly CheckName[] = ["copy", "archive", "tables"];

/**
 * The verdict on a copy. One failed check refutes it; `proven` needs every essential check passed
 * and none not run for want of a working machine; everything else is `inconclusive`. Objects are essential too; where
 * they cannot be compared with what another release of Holdfast counted, the empty twin of the very archive that
 * the fingerprint names answers for them.
 */
export function judge(checks: readonly CheckResult[]): Verdict {
  if (checks.some((check) => check.outcome === "failed")) return "refuted";
  const unexamined = checks.some((check) => check.outcome === "not-run" && check.because !== "irrelevant");
  const hasPassed = (name: CheckName): boolean =>
    checks.some((check) => check.name === name && check.outcome === "passed");
  const isTwinEnough = checks.some(({ name, because }) => name === "objects" && because === "irrelevant");
  const hasObjects = hasPassed("objects") || (isTwinEnough && hasPassed("twin"));
  const whole = essential.every(hasPassed) && hasObjects;
  return whole && !unexamined ? "proven" : "inconclusive";
}
