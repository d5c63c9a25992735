import { isGiven } from "../base/given.ts";
import { orAbort, stillWaiting, type Waiting } from "../base/waiting.ts";
import { release } from "../base/release.ts";

/** Large enough that messages between threads cost nothing, small enough to keep both ends busy. */
export const batchBytes = 512 * 1024;

/** Below this a message of its own costs more than a copy. */
const takenOverBytesMin = batchBytes / 4;

/** Memory that comes back from a worker and is filled again. */
export interface Spares {
  take(): ArrayBuffer | undefined;
}

/**
 * `plain` in batches of `batchBytes` and less. A large part that was given becomes a batch as it stands. All others
 * are copied into memory of our own that may be transferred: what a source hands out may be a part of a
 * larger buffer it still uses. Ends when the source ends, throws what it throws.
 */
export async function* batches(
  plain: AsyncIterable<Uint8Array>,
  spares: Spares,
  wait: Waiting,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const fresh = (): Uint8Array<ArrayBuffer> => new Uint8Array(spares.take() ?? new ArrayBuffer(batchBytes));
  let batch = fresh();
  let filled = 0;
  for await (const part of abortable(plain, wait)) {
    if (isGiven(part) && part.length >= takenOverBytesMin) {
      if (filled > 0) {
        yield batch.subarray(0, filled);
        batch = fresh();
        filled = 0;
      }
      yield part;
      continue;
    }
    for (let taken = 0; taken < part.length;) {
      const piece = part.subarray(taken, taken + batchBytes - filled);
      batch.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
      if (filled === batchBytes) {
        yield batch;
        batch = fresh();
        filled = 0;
      }
    }
    if (isGiven(part)) release(part);
  }
  if (filled > 0) yield batch.subarray(0, filled);
}

/** The same parts; throws once the wait ends, also while the source is silent. */
async function* abortable(plain: AsyncIterable<Uint8Array>, wait: Waiting): AsyncGenerator<Uint8Array, void> {
  const iterator = plain[Symbol.asyncIterator]();
  let asked = false;
  try {
    for (;;) {
      stillWaiting(wait);
      asked = true;
      const next = await orAbort(iterator.next(), wait);
      if (next.done === true) return;
      asked = false;
      yield next.value;
    }
  } finally {
    // A source that threw or ended needs no telling; one that is silent is told, and not waited for.
    if (!asked) await iterator.return?.();
    else if (wait.signal.aborted) void iterator.return?.().catch(() => undefined);
  }
}
