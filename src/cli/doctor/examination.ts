/** One thing that `doctor` looked at. */

export interface Examination {
  readonly area: "host" | "configuration" | "keys" | "scratch" | "stores" | "sources";
  /** What it is about: a program, a store, a tenant. */
  readonly subject: string;
  /** `failed` keeps something from working; `warned` tells what is given up. */
  readonly outcome: "passed" | "warned" | "failed";
  readonly detail: string;
  readonly hint?: string | undefined;
}
