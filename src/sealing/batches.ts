import { isGiven } from "../base/given.ts";
import { orAbort, stillWaiting, type Waiting } from "../base/waiting.ts";
import { freshPart, partBytes, recycle } from "../base/parts.ts";

/** Below this a message of its own costs more than a copy. */
const takenOverBytesMin = partBytes / 4;

/**
 * `plain` in batches of `partBytes` and less. A large part that was given becomes a batch as it stands. All others
 * are copied into memory of our own that may be transferred: what a source hands out may be a part of a
 * larger buffer it still uses. Ends when the source ends, throws what it throws.
 */
export async function* batches(
  plain: AsyncIterable<Uint8Array>,
  wait: Waiting,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let batch = new Uint8Array(freshPart());
  let filled = 0;
  for await (const part of abortable(plain, wait)) {
    if (isGiven(part) && part.length >= takenOverBytesMin) {
      if (filled > 0) {
        yield batch.subarray(0, filled);
        batch = new Uint8Array(freshPart());
        filled = 0;
      }
      yield part;
      continue;
    }
    for (let taken = 0; taken < part.length;) {
      const piece = part.subarray(taken, taken + partBytes - filled);
      batch.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
      if (filled === partBytes) {
        yield batch;
        batch = new Uint8Array(freshPart());
        filled = 0;
      }
    }
    if (isGiven(part)) recycle(part);
  }
  if (filled > 0) yield batch.subarray(0, filled);
  else recycle(batch);
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
