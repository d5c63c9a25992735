import type { FailureCode } from "../../base/failure.ts";

/** One thing looked at on a source before a backup; `failed` keeps a backup from starting, `warned` only tells. */
export interface Examined {
  readonly name: string;
  readonly outcome: "passed" | "warned" | "failed";
  readonly detail: string;
  /** The failure that a backup would end with; set where `failed`. */
  readonly code?: FailureCode;
  readonly hint?: string;
}

export function good(name: string, detail: string): Examined {
  return { name, outcome: "passed", detail };
}

export function warned(name: string, detail: string): Examined {
  return { name, outcome: "warned", detail };
}

export function bad(name: string, code: FailureCode, detail: string, hint?: string): Examined {
  return { name, outcome: "failed", detail, code, ...(hint === undefined ? {} : { hint }) };
}

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[]): string {
  const more = names.length - 3;
  return more <= 0 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${String(more)} more`;
}
