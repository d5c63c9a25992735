import { isFailure, reasonOf } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";

export interface ProbeResult {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "not-run";
  readonly detail: string;
}

/** What a probe came to: words for passed, a problem for failed, a reason for not run. */
export type Said = string | { readonly problem: string } | { readonly notRun: string };

export interface Probe {
  readonly name: string;
  /** Writes, or looks at what the probe "write" wrote. */
  readonly writes: boolean;
  run(): Promise<Said>;
}

/** Runs a probe. What it throws is why it failed, unless the wait is over. */
export async function conclude(probe: Probe, wait: Waiting): Promise<ProbeResult> {
  try {
    const said = await probe.run();
    if (typeof said === "string") return { name: probe.name, outcome: "passed", detail: said };
    if ("notRun" in said) return notRun(probe.name, said.notRun);
    return { name: probe.name, outcome: "failed", detail: said.problem };
  } catch (error) {
    stillWaiting(wait);
    return { name: probe.name, outcome: "failed", detail: said(error) };
  }
}

export function notRun(name: string, detail: string): ProbeResult {
  return { name, outcome: "not-run", detail };
}

function said(error: unknown): string {
  if (!isFailure(error)) return reasonOf(error);
  const hint = error.hint === undefined ? "" : `; ${error.hint}`;
  return `${error.code}: ${reasonOf(error)}${hint}`;
}
