import type { Waiting } from "../base/waiting.ts";

/** How a bucket is set up, as far as the server tells; `null`: it does not. */
export interface BucketSettings {
  readonly versioning: "enabled" | "suspended" | "off" | null;
  readonly objectLock: boolean | null;
  /** The retention that every new object gets unasked. */
  readonly defaultRetention: { readonly mode: string; readonly period: string } | null;
}

/** A capability of stores that are buckets; others lack the method. */
export interface BucketInspector {
  bucketSettings(wait: Waiting): Promise<BucketSettings>;
}
