import { Budget } from "../base/limit.ts";
import { stillWaiting, orAbort, type Waiting } from "../base/waiting.ts";
import { sealStream, streamBytesMax } from "./seal-stream.ts";
import type { Opener, Sealer } from "./sealing.ts";
import { Thread } from "./thread.ts";

export interface SealingLimits {
  /** Worker threads; more than the machine has cores gains nothing. */
  readonly workers: number;
  /**
   * Plaintext and sealed bytes in flight over all streams, documents and openings. Half is for
   * plaintext: a stream waits for its share of 9 MiB before it starts, so that streams can never wait for
   * one another in a ring. Half is for sealed bytes and openings. One stream runs however small this is.
   */
  readonly inFlightBytesMax: number;
}

export interface Sealing extends Sealer, Opener {}

export interface StartedSealing extends Sealing, AsyncDisposable {
  /** From now on; a thread that is too many ends with what it was given. */
  limit(limits: SealingLimits): void;
}

/** Starts the worker threads; disposing ends them, and whatever still runs fails with "wait/cancelled". */
export function startSealing({ workers, inFlightBytesMax }: SealingLimits): StartedSealing {
  const threads = Array.from({ length: Math.max(1, workers) }, () => new Thread());
  const leaving = new Set<Thread>();
  const plainBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  const sealedBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  let streams = 0;

  function endIfIdle(thread: Thread): void {
    if (!leaving.has(thread) || thread.load > 0) return;
    leaving.delete(thread);
    void thread[Symbol.asyncDispose]();
  }

  async function onThread<T>(work: (thread: Thread) => Promise<T>): Promise<T> {
    const thread = threads.reduce((least, other) => (other.load < least.load ? other : least));
    thread.load += 1;
    try {
      return await work(thread);
    } finally {
      thread.load -= 1;
      endIfIdle(thread);
    }
  }

  /** `bytes`: what goes in and what comes out together. */
  async function oneJob<T>(bytes: number, wait: Waiting, work: (thread: Thread) => Promise<T>): Promise<T> {
    const giveBack = await sealedBudget.take(bytes, wait);
    try {
      return await onThread((thread) => orAbort(work(thread), wait));
    } finally {
      giveBack();
    }
  }

  return {
    async sealStream(plain, keys, isKnown, place, wait) {
      const giveBack = await plainBudget.take(streamBytesMax, wait);
      try {
        const stream = (streams += 1);
        return await onThread((thread) =>
          sealStream({ thread, stream, plain, keys, isKnown, place, sealedBudget }, wait),
        );
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
        const copy = new Uint8Array(sealed);
        return thread.ask({ kind: "open", sealed: copy, identity, length }, [copy.buffer]);
      });
      return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    },

    limit(limits) {
      plainBudget.resize(Math.floor(limits.inFlightBytesMax / 2));
      sealedBudget.resize(Math.floor(limits.inFlightBytesMax / 2));
      const wanted = Math.max(1, limits.workers);
      while (threads.length < wanted) threads.push(new Thread());
      for (const thread of threads.splice(wanted)) {
        leaving.add(thread);
        endIfIdle(thread);
      }
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...threads, ...leaving].map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}
