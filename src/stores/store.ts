/**
 * What Holdfast asks of a place for objects. The comments are the contract; one suite
 * (`test/contract/store-contract.ts`) holds every driver to it.
 *
 * Permissions are interfaces: who only reads is given an `ObjectReader`; only retention and
 * erasure are ever given an `ObjectRemover`.
 *
 * Failures: "store/unreachable" (retryable: network, time-outs, 5xx, slow-down), "store/refused"
 * (credentials, permission, policy), "store/full", "store/clock" (the server refuses our time),
 * and those named at each call.
 */
import type { Waiting } from "../base/waiting.ts";
import type { Sha256 } from "../base/digest.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";

export interface ObjectStat {
  readonly key: ObjectKey;
  readonly bytes: number;
  /** By the store's clock. */
  readonly modifiedAt: Date;
}

export interface ObjectVersion extends ObjectStat {
  readonly version: string;
  readonly current: boolean;
}

export interface ReadOptions {
  /** Larger objects fail with "store/corrupt" before their body is read into memory. Default 64 MiB. */
  readonly bytesMax?: number;
  /** A part of the object; `to` is exclusive. */
  readonly range?: { readonly from: number; readonly to: number };
  /** One that `versions` named; default: the current one. */
  readonly version?: string;
  /** What came before is doubted: who remembers what was read asks the store again. Stores themselves always do. */
  readonly again?: boolean;
}

export interface ObjectReader {
  readonly name: StoreName;

  /** Returns null when there is no such object; throws when the store could not say. */
  stat(key: ObjectKey, wait: Waiting): Promise<ObjectStat | null>;

  /**
   * The whole body, of the length the store announced: a connection that ends early and cleanly is
   * resumed with a range or fails with "store/unreachable", never returned short. The bytes are the caller's alone.
   * Absent: "store/absent".
   */
  read(key: ObjectKey, options: ReadOptions, wait: Waiting): Promise<Buffer>;

  /**
   * Every object whose key starts with `prefix`, sorted by key in byte order; sees all creates that
   * ended before the call. Keys that are not object keys of ours are passed over. With `after` only
   * keys behind that one: how a listing that broke off is taken up again.
   */
  list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncIterable<ObjectStat>;

  /** All versions of one key, newest first. A store without versions returns the one there is. */
  versions(key: ObjectKey, wait: Waiting): Promise<readonly ObjectVersion[]>;

  /** The store's own clock, to tell when ours is wrong. */
  clock(wait: Waiting): Promise<Date>;
}

export interface LockWish {
  readonly mode: "governance" | "compliance";
  readonly until: Date;
}

export interface CreateOptions {
  /** The store refuses the write ("store/corrupt") if the bytes it received have another digest. Default: computed from `body`. */
  readonly sha256?: Sha256;
  readonly lock?: LockWish;
}

export interface ObjectWriter {
  /**
   * Whole or absent, durable when it resolves. A taken key fails with "store/exists" and keeps its
   * bytes; of two at once exactly one wins. Never retried blindly: after a time-out the object may
   * or may not be there, and the retry decorator settles that by reading it back.
   */
  create(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void>;
}

/** Held only by heal and replicate. */
export interface ObjectMender {
  /**
   * Puts these bytes in the place of whatever lies under the key; whole or not at all, durable when it
   * resolves, callable twice. Only for keys whose bytes a signed document fixes by digest: then two who
   * mend at once put the same. Where versions are kept a new one becomes current, and a lock on the old
   * one is no hindrance; where the store cannot replace what is locked: "store/refused".
   */
  mend(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void>;
}

/** Held only by retention and erasure. */
export interface ObjectRemover {
  /** Removes the current object, or the version given, for good. Absent is not an error. Locked: "store/refused". */
  remove(key: ObjectKey, version: string | null, wait: Waiting): Promise<void>;
}

export type Store = ObjectReader & ObjectWriter;
export type WholeStore = Store & ObjectMender & ObjectRemover;

/** The calls of a store by name, as figures and faults speak of them. */
export type StoreOperation = "stat" | "read" | "list" | "versions" | "clock" | "create" | "mend" | "remove";
