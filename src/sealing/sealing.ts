/**
 * The sealing port: what the verbs ask of the worker threads (design, section 5).
 *
 * Sealing: plain bytes -> cut into content-defined chunks -> named -> unless already known,
 * zstd -> padded -> age. Opening: age -> zstd -> plain bytes. Nothing is released before it has
 * been authenticated, and a worker's failure is the caller's failure.
 */
import type { Sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ChunkName } from "../model/layout.ts";
import type { KnownNames } from "./known-names.ts";

/** What naming and sealing one tenant's chunks takes; a worker host holds no more than this. */
export interface ChunkKeys {
  /** 32 secret bytes; the keys for naming and cutting are derived from it (HKDF-SHA-256). */
  readonly idKey: Uint8Array;
  /** `age1…` of the tenant's key generation. */
  readonly recipient: string;
  readonly zstdLevel: number;
}

/** A chunk cut from a stream, in stream order. `sealed` is null when its name was known, or came earlier in the stream. */
export interface CutChunk {
  readonly name: ChunkName;
  /** Length of the plaintext. */
  readonly bytes: number;
  readonly sealed: SealedBytes | null;
}

export interface SealedBytes {
  readonly body: Uint8Array;
  readonly sha256: Sha256;
}

/** More than a sealed chunk can exceed its plaintext by: padding, tags and header. */
const sealedExcessBytes = 64 * 1024;

/** The room that is asked of the budget before a chunk is sealed. */
export function sealedRoom(plainBytes: number): number {
  return plainBytes + sealedExcessBytes;
}

export interface StreamSummary {
  readonly bytes: number;
  /** Of the whole plaintext. */
  readonly sha256: Sha256;
}

/** A stream that is to be sealed, and where its chunks go. */
export interface StreamToSeal {
  readonly plain: AsyncIterable<Uint8Array>;
  readonly keys: ChunkKeys;
  /** Chunks of these names are not sealed. */
  readonly known: KnownNames;
  /** Given every chunk in stream order and awaited, which is how back-pressure reaches the source. */
  readonly place: (chunk: CutChunk) => Promise<void>;
  /** Where the source takes the digest of all its bytes itself: told once it has ended, so that they are not digested twice. */
  readonly measured?: (() => StreamSummary) | undefined;
}

export interface Sealer {
  /**
   * Cuts `plain` and hands every chunk to `place`. A source that throws makes this throw the same error, and
   * nothing more is placed. May be called for several streams at once; one knows nothing of another's chunks, so
   * that what two cut alike, at any time, is sealed for both. Plaintext and sealed bytes in flight over all of them
   * stay within the budget given at construction.
   */
  sealStream(stream: StreamToSeal, wait: Waiting): Promise<StreamSummary>;

  /** One document (manifest, detail, LO index): zstd, pad, age; no cutting. */
  sealDocument(
    plain: Uint8Array,
    recipients: readonly string[],
    zstdLevel: number,
    wait: Waiting,
  ): Promise<SealedBytes>;
}

export interface Opener {
  /**
   * The plaintext of a sealed chunk or document. `bytes` is the plain length the manifest states
   * (any other length is "sealing/damaged"), or a cap for documents: `{ atMost }`.
   * Altered bytes: "sealing/damaged". Not sealed to `identity`: "keys/identity". The memory of sealed bytes that
   * were given (`base/given.ts`) is transferred to where they are opened.
   */
  open(
    sealed: Uint8Array,
    identity: string,
    bytes: number | { readonly atMost: number },
    wait: Waiting,
  ): Promise<Buffer>;
}
