import { Failure } from "../base/failure.ts";
import type { Budget } from "../base/limit.ts";
import { orAbort, stillWaiting, type Waiting } from "../base/waiting.ts";
import type { ChunkName } from "../model/layout.ts";
import { batchBytes, batches } from "./batches.ts";
import { chunkBytesMax, pieceBytesMax } from "./cut.ts";
import type { StreamStep } from "./messages.ts";
import { release } from "../base/release.ts";
import type { ChunkKeys, CutChunk, StreamSummary } from "./sealing.ts";
import type { Thread } from "./thread.ts";

/** What a stream may hold in plaintext: the chunk in the making, a batch at work and one being filled. */
export const streamBytesMax = chunkBytesMax + pieceBytesMax + 2 * batchBytes;

/** One batch is filled while one is at work. */
const sparesMax = 2;

/** More than a sealed chunk can exceed its plaintext by: padding, tags and header. */
const sealedExcessBytes = 64 * 1024;

/** `short` is what ends with the bytes that are there already. */
export type WorkLength = "short" | "long";

export interface TakenThread {
  readonly thread: Thread;
  readonly giveBack: () => void;
}

export interface StreamJob {
  /** Called once there are bytes to work on. */
  readonly takeThread: (length: WorkLength) => TakenThread;
  readonly stream: number;
  readonly plain: AsyncIterable<Uint8Array>;
  readonly keys: ChunkKeys;
  readonly isKnown: (name: ChunkName) => boolean;
  readonly place: (chunk: CutChunk) => Promise<void>;
  /** What the source has measured itself, once it has ended; null: to be measured here. */
  readonly measured: (() => StreamSummary) | null;
  /** For sealed bytes on their way to `place`; given back when `place` is done with them. */
  readonly sealedBudget: Budget;
}

type ThreadJob = Omit<StreamJob, "takeThread"> & Pick<TakenThread, "thread">;

/**
 * The main thread's half of `Sealer.sealStream`. Three things go on at once: the source fills the next
 * batch, the worker seals a chunk, `place` writes the chunk before. Each waits for the one ahead. When
 * one of them fails the others are told, and the `place` under way is waited for.
 */
export async function sealStream(job: StreamJob, wait: Waiting): Promise<StreamSummary> {
  const stop = new AbortController();
  const own = { signal: AbortSignal.any([wait.signal, stop.signal]) };
  const spares: ArrayBuffer[] = [];
  const feed = batches(job.plain, { take: () => spares.pop() }, own);
  const first = await feed.next();
  const { thread, giveBack } = job.takeThread(
    first.done !== true && first.value.length === batchBytes ? "long" : "short",
  );
  const died = (): void => stop.abort(thread.signal.reason);
  if (thread.signal.aborted) died();
  thread.signal.addEventListener("abort", died, { once: true });
  try {
    return await sealOn({ ...job, thread }, { first, feed, spares, stop }, own);
  } finally {
    thread.signal.removeEventListener("abort", died);
    giveBack();
    // Where the thread died before the second batch was asked for, nobody has told the source.
    await feed.return();
  }
}

interface Feed {
  readonly first: IteratorResult<Uint8Array<ArrayBuffer>, void>;
  readonly feed: AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
  readonly spares: ArrayBuffer[];
  readonly stop: AbortController;
}

async function sealOn(
  job: ThreadJob,
  { first, feed, spares, stop }: Feed,
  own: Waiting,
): Promise<StreamSummary> {
  const { thread, stream, keys } = job;
  const lane = new PlaceLane(job.place, own);
  let working: Promise<StreamStep | null> = Promise.resolve(null);
  let broken: unknown = null;
  const work = (plain: Uint8Array<ArrayBuffer> | null): Promise<StreamStep> => {
    const steps = workOn(job, plain, { lane, spares }, own);
    // A worker or a store that fails must reach us also while the source is silent.
    steps.catch((error: unknown) => {
      broken ??= error;
      stop.abort(error);
    });
    return steps;
  };
  try {
    await thread.ask({ kind: "start", stream, keys, measure: job.measured === null }, []);
    if (first.done !== true) working = work(first.value);
    for await (const batch of feed) {
      await working;
      working = work(batch);
    }
    await working;
    const last = await work(null);
    await lane.idle();
    return summaryOf(last, job.measured?.());
  } catch (error) {
    const why = broken ?? error;
    stop.abort(why);
    await Promise.allSettled([working, lane.idle()]);
    throw why;
  } finally {
    // A dead thread has nothing to drop.
    await thread.ask({ kind: "drop", stream }, []).catch(() => undefined);
  }
}

/** The source's own digest saves a second one of the same bytes; that they are the same is told by their number. */
function summaryOf({ summary }: StreamStep, measured: StreamSummary | undefined): StreamSummary {
  if (summary === null) throw new Failure("internal/bug", "a worker ended a stream without its summary");
  const { bytes } = summary;
  const sha256 = measured?.sha256 ?? summary.sha256;
  if (sha256 === null || (measured !== undefined && measured.bytes !== bytes))
    throw new Failure("internal/bug", "a stream was sealed otherwise than its source measured it");
  return { bytes, sha256 };
}

interface Desk {
  readonly lane: PlaceLane;
  readonly spares: ArrayBuffer[];
}

async function workOn(
  job: ThreadJob,
  plain: Uint8Array<ArrayBuffer> | null,
  { lane, spares }: Desk,
  wait: Waiting,
): Promise<StreamStep> {
  const { thread, stream } = job;
  const transfer = plain === null ? [] : [plain.buffer];
  let step = await orAbort(thread.ask({ kind: "push", stream, plain }, transfer), wait);
  while (step.waiting !== null) {
    const chunk = step.waiting;
    const seal = !job.isKnown(chunk.name);
    const giveBack = seal ? await job.sealedBudget.take(chunk.bytes + sealedExcessBytes, wait) : null;
    try {
      step = await orAbort(thread.ask({ kind: "next", stream, seal }, []), wait);
    } catch (error) {
      giveBack?.();
      throw error;
    }
    await lane.put({ ...chunk, sealed: step.sealed }, giveBack);
  }
  if (step.spare !== null) keepSpare(step.spare, spares);
  return step;
}

/** Memory of parts that were given comes back as well, and would gather. */
function keepSpare(spare: ArrayBuffer, spares: ArrayBuffer[]): void {
  if (spare.byteLength === batchBytes && spares.length < sparesMax) spares.push(spare);
  else release(new Uint8Array(spare));
}

/** Hands chunks to `place` one after the other; the next may be sealed meanwhile, no more than that. */
class PlaceLane {
  readonly #place: (chunk: CutChunk) => Promise<void>;
  readonly #wait: Waiting;
  #placing: Promise<void> = Promise.resolve();

  constructor(place: (chunk: CutChunk) => Promise<void>, wait: Waiting) {
    this.#place = place;
    this.#wait = wait;
  }

  /** Resolves when `place` has begun; throws what the one before threw, and then this one is not placed. */
  async put(chunk: CutChunk, giveBack: (() => void) | null): Promise<void> {
    try {
      await this.#placing;
      stillWaiting(this.#wait);
    } catch (error) {
      giveBack?.();
      throw error;
    }
    this.#placing = this.#place(chunk).finally(() => giveBack?.());
    // Looked at by the next `put` or by `idle`.
    this.#placing.catch(() => undefined);
  }

  /** Throws what the last `place` threw. */
  async idle(): Promise<void> {
    await this.#placing;
  }
}
