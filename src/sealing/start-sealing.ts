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

/** Starts the worker threads; disposing ends them, and whatever still runs fails with "wait/cancelled". */
export function startSealing({ workers, inFlightBytesMax }: SealingLimits): Sealing & AsyncDisposable {
  const threads = Array.from({ length: Math.max(1, workers) }, () => new Thread());
  const plainBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  const sealedBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  let streams = 0;

  async function onThread<T>(work: (thread: Thread) => Promise<T>): Promise<T> {
    const thread = threads.reduce((least, other) => (other.load < least.load ? other : least));
    thread.load += 1;
    try {
      return await work(thread);
    } finally {
      thread.load -= 1;
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

    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}
