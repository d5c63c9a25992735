import type { Waiting } from "../base/waiting.ts";

/** How a bucket is set up, as far as the server tells; `null`: it does not. */
export interface BucketSettings {
  readonly versioning: "enabled" | "suspended" | "off" | null;
  readonly objectLock: boolean | null;
  /** The retention that every new object gets unasked. */
  readonly defaultRetention: { readonly mode: string; readonly period: string } | null;
  /** What rules of the bucket will do to objects of ours, whatever retention says. */
  readonly lifecycle: readonly LifecycleDeed[] | null;
}

export interface LifecycleDeed {
  readonly rule: string;
  readonly does: "remove" | "archive";
  /** For people: `30 days after they came`. */
  readonly when: string;
}

/** A capability of stores that are buckets; others lack the method. */
export interface BucketInspector {
  bucketSettings(wait: Waiting): Promise<BucketSettings>;
}
