/** What thirty bench days came to, as `bench/results/thirty-days.json` keeps it. */
import { z } from "zod";
import { machineShape } from "./markdown.ts";

const count = z.int().nonnegative();

/** Requests by operation, of each step of a day's run. */
const requests = z.record(z.string(), z.record(z.string(), count));

const dayShape = z.object({
  /** Bytes and files that lie in one store once the day's run is over. */
  storedBytes: count,
  objects: count,
  /** Backups that can be restored then. */
  backups: count,
  /** Bytes of all that was written that day, whatever is left of it. */
  writtenBytes: count,
  requests,
});
export type Day = z.infer<typeof dayShape>;

export const thirtyDaysShape = z.object({
  at: z.string(),
  machine: machineShape,
  scale: z.number(),
  /** On the first day and on the last, with its indexes. */
  databaseBytes: z.object({ first: count, last: count }),
  firstDay: z.iso.date(),
  plans: z.array(
    z.object({
      plan: z.string(),
      keep: z.object({ daily: count, weekly: count, monthly: count, yearly: count }),
      /** A day after the other. */
      contestants: z.array(z.object({ who: z.string(), days: z.array(dayShape) })),
    }),
  ),
  notes: z.array(z.string()),
});
export type ThirtyDays = z.infer<typeof thirtyDaysShape>;
export type PlanOfDays = ThirtyDays["plans"][number];
export type Keep = PlanOfDays["keep"];

export const names = { us: "holdfast", pipe: "pg_dump | zstd | age", restic: "restic" } as const;

/** Who takes part: one day after the other, in order. */
export interface Contestant {
  readonly who: string;
  readonly note: string;
  /** Backs up the day's state at `at`, and removes what the rule no longer keeps. */
  day(at: Date): Promise<Day>;
}

/** Counts the requests of one step after the other. */
export class RequestTally {
  readonly #steps: Record<string, Record<string, number>> = {};
  #step = "";
  writtenBytes = 0;

  begin(step: string): void {
    this.#step = step;
    this.#steps[step] ??= {};
  }

  count(operation: string, times: number, writtenBytes: number): void {
    const step = (this.#steps[this.#step] ??= {});
    step[operation] = (step[operation] ?? 0) + times;
    this.writtenBytes += writtenBytes;
  }

  get steps(): Day["requests"] {
    return this.#steps;
  }
}

/** Of all steps of a day, or of the one named, and of one operation or all of them. */
export function requestsOf({ requests: steps }: Day, of: { step?: string; operation?: string } = {}): number {
  return Object.entries(steps)
    .filter(([step]) => of.step === undefined || step === of.step)
    .flatMap(([, operations]) => Object.entries(operations))
    .filter(([operation]) => of.operation === undefined || operation === of.operation)
    .reduce((sum, [, times]) => sum + times, 0);
}
