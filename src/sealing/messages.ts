/** What the main thread asks of a worker thread, and what it answers. Bytes are transferred, not copied. */
import { type FailureCode, Failure, isFailure, reasonOf } from "../base/failure.ts";
import type { Sha256 } from "../base/digest.ts";
import type { PlainLength } from "./compress.ts";
import type { KnownNames } from "./known-names.ts";
import type { ChunkKeys, CutChunk, SealedBytes } from "./sealing.ts";

export type Ask =
  /** `measure`: whether the digest of the whole stream is wanted. */
  | {
      readonly kind: "start";
      readonly stream: number;
      readonly keys: ChunkKeys;
      readonly known: KnownNames;
      readonly measure: boolean;
    }
  /**
   * More plaintext of the stream; `null`: that was all. May be asked again before it is answered. `granted`: room for
   * the sealed chunks that it completes.
   */
  | {
      readonly kind: "push";
      readonly stream: number;
      readonly plain: Uint8Array<ArrayBuffer> | null;
      readonly granted: number;
    }
  /** There is room for the chunk that waits; what was granted to pushes before this was taken back. */
  | { readonly kind: "next"; readonly stream: number }
  | { readonly kind: "drop"; readonly stream: number }
  | {
      readonly kind: "document";
      readonly plain: Uint8Array<ArrayBuffer>;
      readonly recipients: readonly string[];
      readonly zstdLevel: number;
    }
  | {
      readonly kind: "open";
      readonly sealed: Uint8Array<ArrayBuffer>;
      readonly identity: string;
      readonly length: PlainLength;
    };

export interface StreamStep {
  /** In stream order. */
  readonly chunks: readonly CutChunk[];
  /** The room that the chunk needs which waits now; null when the push was worked on to its end. */
  readonly waiting: number | null;
  /** The memory of the plaintext given, once it is used up, to be filled again. */
  readonly spare: ArrayBuffer | null;
  /** Once the end was told and no chunk waits. */
  readonly summary: WorkSummary | null;
}

export interface WorkSummary {
  readonly bytes: number;
  /** Of the whole stream, where that was wanted. */
  readonly sha256: Sha256 | null;
}

export interface Answers {
  readonly start: null;
  readonly push: StreamStep;
  readonly next: StreamStep;
  readonly drop: null;
  readonly document: SealedBytes;
  readonly open: Uint8Array<ArrayBuffer>;
}
export type Answer = Answers[Ask["kind"]];

export interface Request {
  readonly id: number;
  readonly ask: Ask;
}

export type Reply =
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly kind: "failed"; readonly id: number; readonly failure: FlatFailure };

/** A failure as it crosses threads; a class does not. */
interface FlatFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause: string | undefined;
}

export function flatten(error: unknown): FlatFailure {
  if (!isFailure(error)) {
    const cause = error instanceof Error ? error.stack : undefined;
    return { code: "internal/bug", message: `sealing: ${reasonOf(error)}`, hint: undefined, cause };
  }
  const cause = error.cause === undefined ? undefined : reasonOf(error.cause);
  return { code: error.code, message: error.message, hint: error.hint, cause };
}

export function unflatten({ code, message, hint, cause }: FlatFailure): Failure {
  return new Failure(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}

/** Bytes whose memory nobody else has a part of, so that it may be transferred; those of small buffers share it. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const alone = buffer.byteLength === byteLength || buffer.byteLength > Buffer.poolSize;
  return alone && buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes);
}
