import { isGiven } from "../base/given.ts";
import { Budget } from "../base/limit.ts";
import { stillWaiting, orAbort, type Waiting } from "../base/waiting.ts";
import { owned } from "./messages.ts";
import { sealStream, streamBytesMax } from "./seal-stream.ts";
import type { Opener, Sealer } from "./sealing.ts";
import type { Thread } from "./thread.ts";
import { Threads } from "./threads.ts";

export interface SealingLimits {
  /** Worker threads at most, all but the first started when there is work for them; more than the machine has cores gains nothing. */
  readonly workers: number;
  /**
   * Plaintext and sealed bytes in flight over all streams, documents and openings. Half is for
   * plaintext: a stream waits for its share of 9.6 MiB before it starts, so that streams can never wait for
   * one another in a ring. Half is for sealed bytes and openings. One stream runs however small this is.
   */
  readonly inFlightBytesMax: number;
}

export interface Sealing extends Sealer, Opener {}

export interface StartedSealing extends Sealing, AsyncDisposable {
  /** From now on; a thread that is too many ends with what it was given. */
  limit(limits: SealingLimits): void;
}

/** Starts a worker thread, and more as they are needed; disposing ends them, and whatever still runs fails with "wait/cancelled". */
export function startSealing({ workers, inFlightBytesMax }: SealingLimits): StartedSealing {
  const threads = new Threads(workers);
  const plainBudget = new Budget(half(inFlightBytesMax));
  const sealedBudget = new Budget(half(inFlightBytesMax));
  let streams = 0;

  /** `bytes`: what goes in and what comes out together. */
  async function oneJob<T>(bytes: number, wait: Waiting, work: (thread: Thread) => Promise<T>): Promise<T> {
    const giveBack = await sealedBudget.take(bytes, wait);
    try {
      return await onThread(threads, (thread) => orAbort(work(thread), wait));
    } finally {
      giveBack();
    }
  }

  return {
    async sealStream(source, wait) {
      const giveBack = await plainBudget.take(streamBytesMax, wait);
      try {
        const stream = (streams += 1);
        return await sealStream({ ...source, threads, stream, sealedBudget }, wait);
      } finally {
        giveBack();
      }
    },

    sealDocument(plain, recipients, zstdLevel, wait) {
      // Copied: the caller's bytes may be a part of something larger, and are the caller's to keep.
      return oneJob(plain.length * 2, wait, (thread) => {
        const copy = new Uint8Array(plain);
        return thread.ask({ kind: "document", plain: copy, recipients, zstdLevel }, [copy.buffer]);
      });
    },

    async open(sealed, identity, length, wait) {
      stillWaiting(wait);
      const bytes = typeof length === "number" ? length : Math.min(length.atMost, sealed.length * 8);
      const plain = await oneJob(sealed.length + bytes, wait, (thread) => {
        const own = isGiven(sealed) ? owned(sealed) : new Uint8Array(sealed);
        return thread.ask({ kind: "open", sealed: own, identity, length }, [own.buffer]);
      });
      return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    },

    limit(limits) {
      plainBudget.resize(half(limits.inFlightBytesMax));
      sealedBudget.resize(half(limits.inFlightBytesMax));
      threads.limit(limits.workers);
    },

    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

async function onThread<T>(threads: Threads, work: (thread: Thread) => Promise<T>): Promise<T> {
  const { thread, giveBack } = threads.take("long");
  try {
    return await work(thread);
  } finally {
    giveBack();
  }
}

function half(bytes: number): number {
  return Math.floor(bytes / 2);
}
