import { Failure } from "../base/failure.ts";
import type { Budget } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { partBytes } from "../base/parts.ts";
import { batches } from "./batches.ts";
import { chunkBytesMax } from "../model/chunk-bytes.ts";
import { pieceBytesMax } from "./cut.ts";
import type { StreamStep, WorkSummary } from "./messages.ts";
import { PlaceLane } from "./place-lane.ts";
import { Pushes } from "./pushes.ts";
import type { StreamSummary, StreamToSeal } from "./sealing.ts";
import type { TakenThread, Threads } from "./threads.ts";

/** What a stream may hold in plaintext: the chunk in the making, a batch at work, one behind it and one being filled. */
export const streamBytesMax = chunkBytesMax + pieceBytesMax + 3 * partBytes;

export interface StreamJob extends StreamToSeal {
  /** One is taken once there are bytes to work on. */
  readonly threads: Threads;
  readonly stream: number;
  /** For sealed bytes on their way to `place`; given back when `place` is done with them. */
  readonly sealedBudget: Budget;
}

type ThreadJob = Omit<StreamJob, "threads"> & Pick<TakenThread, "thread">;

/**
 * The main thread's half of `Sealer.sealStream`. Three things go on at once: the source fills a batch while
 * another lies before the worker, the worker seals a chunk, `place` writes the chunk before. Each waits for the one
 * ahead. When one of them fails the others are told, and the `place` under way is waited for.
 */
export async function sealStream(job: StreamJob, wait: Waiting): Promise<StreamSummary> {
  const stop = new AbortController();
  const own = { signal: AbortSignal.any([wait.signal, stop.signal]) };
  const feed = batches(job.plain, own);
  try {
    const first = await feed.next();
    const { thread, giveBack } = job.threads.take(
      first.done !== true && first.value.length === partBytes ? "long" : "short",
    );
    const died = (): void => stop.abort(thread.signal.reason);
    if (thread.signal.aborted) died();
    thread.signal.addEventListener("abort", died, { once: true });
    try {
      return await sealOn({ ...job, thread }, { first, feed, stop }, own);
    } finally {
      thread.signal.removeEventListener("abort", died);
      giveBack();
    }
  } finally {
    // Where there is no thread, or it died before the second batch was asked for, nobody has told the source.
    await feed.return();
  }
}

interface Feed {
  readonly first: IteratorResult<Uint8Array<ArrayBuffer>, void>;
  readonly feed: AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
  readonly stop: AbortController;
}

async function sealOn(job: ThreadJob, { first, feed, stop }: Feed, own: Waiting): Promise<StreamSummary> {
  const { thread, stream, keys, known, sealedBudget } = job;
  const lane = new PlaceLane(job.place, own);
  const pushes = new Pushes({ thread, stream, sealedBudget, lane }, own);
  let broken: unknown = null;
  // A worker or a store that fails must reach us also while the source is silent.
  const heeded = <T>(work: Promise<T>): Promise<T> => {
    work.catch((error: unknown) => {
      broken ??= error;
      stop.abort(error);
    });
    return work;
  };
  let working: Promise<StreamStep | null> = Promise.resolve(null);
  try {
    void heeded(thread.ask({ kind: "start", stream, keys, known, measure: job.measured === undefined }, []));
    if (first.done !== true) working = heeded(pushes.push(first.value));
    for await (const batch of feed) {
      const next = heeded(pushes.push(batch));
      const before = working;
      working = next;
      await before;
    }
    const last = heeded(pushes.push(null));
    working = last;
    const { summary } = await last;
    await lane.idle();
    return summaryOf(summary, job.measured?.());
  } catch (error) {
    const why = broken ?? error;
    stop.abort(why);
    await Promise.allSettled([working, lane.idle()]);
    throw why;
  } finally {
    // A dead thread has nothing to drop.
    thread.ask({ kind: "drop", stream }, []).catch(() => undefined);
  }
}

/** The source's own digest saves a second one of the same bytes; that they are the same is told by their number. */
function summaryOf(summary: WorkSummary | null, measured: StreamSummary | undefined): StreamSummary {
  if (summary === null) throw new Failure("internal/bug", "a worker ended a stream without its summary");
  const { bytes } = summary;
  const sha256 = measured?.sha256 ?? summary.sha256;
  if (sha256 === null || (measured !== undefined && measured.bytes !== bytes))
    throw new Failure("internal/bug", "a stream was sealed otherwise than its source measured it");
  return { bytes, sha256 };
}
