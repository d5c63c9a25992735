import type { Progress } from "../base/progress.ts";

/** Whom a verb talks to while it works: a terminal, or the log of a daemon. */
export interface Talk {
  /** One line: what is being done, warnings. */
  say(line: string): void;
  /** Bytes come in as the work goes on. `totalBytes` null: not known yet. */
  progress(title: string, totalBytes: number | null): Progress;
}
