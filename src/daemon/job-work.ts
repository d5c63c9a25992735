/** What the work of a queue is given, and what it gives back. */
import type { FailureCode } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Claim, RunEntry } from "../catalog/catalog.ts";
import type { TakenJob } from "../catalog/queue.ts";
import type { Tenant } from "../config/config.ts";
import type { Desk } from "../desk/desk.ts";
import type { Talk } from "../desk/talk.ts";
import type { JobOf, QueueName } from "../model/job.ts";
import type { Shop } from "./shop.ts";

export interface JobSite<Name extends QueueName> {
  readonly shop: Shop;
  readonly desk: Desk;
  readonly tenant: Tenant;
  readonly job: JobOf<Name>;
  readonly taken: TakenJob;
  readonly talk: Talk;
  /** Ends when the daemon must stop, or the job has had its time; not when it is asked to stop. */
  readonly wait: Waiting;
}

/** How a job that came to its end went, for history and queue. */
export interface JobResult {
  readonly result: RunEntry["result"];
  readonly facts: RunEntry["facts"];
  /** Null: done with. Else it goes back to the queue, or becomes a dead letter, as a failure of that code would. */
  readonly failed: { readonly code: FailureCode; readonly retryable: boolean } | null;
}

/** The queue takes a job for lost after 24 h; work that may take its time ends before that, and says so itself. */
export const longJobLimitMs = 23 * 3_600_000;

export interface JobWork<Name extends QueueName> {
  /** In this order; what is taken of them already is given back when one cannot be had. */
  claims(site: Pick<JobSite<Name>, "tenant" | "job">): readonly Claim[];
  /** Null: it turned out that there was nothing to do. Told by events as it goes; failures are thrown. */
  run(site: JobSite<Name>): Promise<JobResult | null>;
  /** Longer is a failure that trying again at once does not mend. */
  readonly limitMs: number;
  /** Whether it may be ended anywhere and go on later, so that a backup of its tenant need not wait for it. */
  readonly givesWay: boolean;
}
