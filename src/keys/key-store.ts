import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";

/** The part of a store that reading key sets takes; every `ObjectReader` of `src/stores` is one. */
export interface KeyReader {
  readonly name: StoreName;
  /** Absent: "store/absent". `again`: what came before is doubted, and nothing that is remembered will do. */
  read(
    key: ObjectKey,
    options: { readonly bytesMax?: number; readonly version?: string; readonly again?: boolean },
    wait: Waiting,
  ): Promise<Buffer>;
  /** Newest first; a store without versions returns the one there is. */
  versions(
    key: ObjectKey,
    wait: Waiting,
  ): Promise<readonly { readonly version: string; readonly current: boolean }[]>;
  list(prefix: string, wait: Waiting): AsyncIterable<{ readonly key: ObjectKey }>;
}

/** The part of a store that making key sets takes; every `Store` is one. */
export interface KeyStore extends KeyReader {
  /** A taken key fails with "store/exists" and keeps its bytes. */
  create(key: ObjectKey, body: Uint8Array, options: object, wait: Waiting): Promise<void>;
  /** The store's own clock, to tell when ours is wrong. */
  clock(wait: Waiting): Promise<Date>;
}
