import { failureOf, type FailureCode } from "../../base/failure.ts";
import { stillWaiting, type Waiting } from "../../base/waiting.ts";
import { notRun, type CheckName, type CheckResult } from "../../model/check.ts";

export interface Check {
  readonly name: CheckName;
  run(): Promise<CheckResult>;
}

/** After these nothing that needs the server can run. */
const gone = new Set<FailureCode>([
  "scratch/lost",
  "scratch/room",
  "target/unreachable",
  "target/lost",
  "target/login",
  "target/room",
]);

/** Damage of the copy itself, and the end of the wait: the caller's to judge. */
const thrown: readonly string[] = ["store/", "sealing/", "format/", "wait/"];

/**
 * Runs the checks in order. Trouble of the machine becomes `not-run` for that check, and for all that
 * follow once the server is gone or `limited`, the wait that the checks have, is over: never a pass and never a
 * refutation (promise 5). Damage found while the copy was read, and the end of the wait, are thrown on.
 */
export async function runChecks(
  checks: readonly Check[],
  wait: Waiting,
  limited: Waiting = wait,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  let lost: string | undefined;
  for (const check of checks) {
    if (lost !== undefined) {
      results.push(notRun(check.name, "machine", lost));
      continue;
    }
    try {
      results.push(await check.run());
    } catch (error) {
      stillWaiting(wait);
      if (limited.signal.aborted) {
        lost = "the comparison took longer than it may";
        results.push(notRun(check.name, "machine", lost));
        continue;
      }
      const failure = failureOf(error);
      const { code, message } = failure;
      if (code === "internal/bug" || thrown.some((prefix) => code.startsWith(prefix))) throw failure;
      results.push(notRun(check.name, "machine", `${code}: ${message}`));
      if (gone.has(code)) lost = `${code}: ${message}`;
    }
  }
  return results;
}
