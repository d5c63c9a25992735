/**
 * Reading port: one consistent snapshot of one tenant (design, section 4; traps 1-12).
 */
import type { LineLimits } from "../../base/server-address.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Measured } from "../../base/digest.ts";
import type { Fingerprint, Scope } from "../../model/fingerprint.ts";

export interface SourceAddress extends LineLimits {
  /** `postgres://…`; secret, never logged. */
  readonly url: string;
  readonly scope: Scope;
}

export interface SnapshotOptions {
  /** Connections that read side by side. */
  readonly jobs: number;
  /** From the plan. */
  readonly leaveOutExtensions: readonly string[];
  readonly largeObjects: "include" | "ignore";
  /** How long the holder may block others before it gives up with "source/busy". */
  readonly yieldAfterMs: number;
  /** The oldest the snapshot may grow; then "wait/expired". */
  readonly maxAgeMs: number;
  /** Tables above this are read in ctid ranges of `sliceBlocks` blocks. */
  readonly sliceBlocks: number;
  /** Folders that may hold the programs of PostgreSQL, best first. */
  readonly binFolders: readonly string[];
}

export interface PlainStream {
  readonly id: string;
  readonly content: "schema" | "rows" | "large-objects";
  /** What the stream holds, for progress: a table's name, or how many tables. */
  readonly title: string;
  /** Ends only when the program or query that makes it ended well; throws otherwise. Read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Their number and digest, where the source takes them anyway; to be asked once `bytes` has ended. */
  readonly measured?: () => Measured;
}

export interface Snapshot extends AsyncDisposable {
  /** The source's clock in the snapshot: the recovery point. */
  readonly at: Date;
  /** Planner's estimate of the bytes to come, for progress; may be far off. */
  readonly estimatedBytes: number;
  /**
   * All streams, the largest first. Several may be read at once, up to `jobs`; each must be read to
   * its end. Once.
   */
  streams(wait: Waiting): AsyncIterable<PlainStream>;
  /**
   * Ends the snapshot: checks that the holder lived through it and that no setting changed, and
   * returns what was measured. Only after every stream has been read to its end.
   */
  fingerprint(wait: Waiting): Promise<Fingerprint>;
}
