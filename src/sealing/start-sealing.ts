import { Failure } from "../base/failure.ts";
import { isGiven } from "../base/given.ts";
import { Budget } from "../base/limit.ts";
import { stillWaiting, orAbort, type Waiting } from "../base/waiting.ts";
import { owned } from "./messages.ts";
import { sealStream, streamBytesMax, type TakenThread, type WorkLength } from "./seal-stream.ts";
import type { Opener, Sealer } from "./sealing.ts";
import { Thread } from "./thread.ts";

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
  let threadsMax = Math.max(1, workers);
  let isShutDown = false;
  const threads: Thread[] = [];
  const leaving = new Set<Thread>();
  const plainBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  const sealedBudget = new Budget(Math.floor(inFlightBytesMax / 2));
  let streams = 0;

  function start(): Thread {
    const thread = new Thread();
    // One that broke takes what it was given along, and nothing that comes later: a daemon lives on for months.
    const broke = (): void => {
      const at = threads.indexOf(thread);
      if (at !== -1 && !isShutDown) threads.splice(at, 1);
    };
    thread.signal.addEventListener("abort", broke, { once: true });
    threads.push(thread);
    return thread;
  }

  function endIfIdle(thread: Thread): void {
    if (!leaving.has(thread) || thread.load > 0) return;
    leaving.delete(thread);
    void thread[Symbol.asyncDispose]();
  }

  /** To start a thread takes longer than a short piece of work waits behind a long one. */
  function takeThread(length: WorkLength): TakenThread {
    if (isShutDown) throw new Failure("wait/cancelled", "sealing was shut down");
    let thread = leastLoaded(threads) ?? start();
    if (length === "long" && thread.longLoad > 0 && threads.length < threadsMax) thread = start();
    const long = length === "long" ? 1 : 0;
    thread.load += 1;
    thread.longLoad += long;
    return {
      thread,
      giveBack: () => {
        thread.load -= 1;
        thread.longLoad -= long;
        endIfIdle(thread);
      },
    };
  }

  async function onThread<T>(length: WorkLength, work: (thread: Thread) => Promise<T>): Promise<T> {
    const { thread, giveBack } = takeThread(length);
    try {
      return await work(thread);
    } finally {
      giveBack();
    }
  }

  /** `bytes`: what goes in and what comes out together. */
  async function oneJob<T>(bytes: number, wait: Waiting, work: (thread: Thread) => Promise<T>): Promise<T> {
    const giveBack = await sealedBudget.take(bytes, wait);
    try {
      return await onThread("long", (thread) => orAbort(work(thread), wait));
    } finally {
      giveBack();
    }
  }

  start();
  return {
    async sealStream(plain, keys, known, place, wait, measured = null) {
      const giveBack = await plainBudget.take(streamBytesMax, wait);
      try {
        const stream = (streams += 1);
        const job = { takeThread, stream, plain, keys, known, place, measured, sealedBudget };
        return await sealStream(job, wait);
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
      plainBudget.resize(Math.floor(limits.inFlightBytesMax / 2));
      sealedBudget.resize(Math.floor(limits.inFlightBytesMax / 2));
      threadsMax = Math.max(1, limits.workers);
      for (const thread of threads.splice(threadsMax)) {
        leaving.add(thread);
        endIfIdle(thread);
      }
    },

    async [Symbol.asyncDispose]() {
      isShutDown = true;
      await Promise.all([...threads, ...leaving].map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}

function leastLoaded(threads: readonly Thread[]): Thread | undefined {
  return threads.reduce<Thread | undefined>(
    (least, other) => (least === undefined || isLessLoaded(other, least) ? other : least),
    undefined,
  );
}

function isLessLoaded(one: Thread, other: Thread): boolean {
  return one.longLoad === other.longLoad ? one.load < other.load : one.longLoad < other.longLoad;
}
