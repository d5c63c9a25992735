import { release } from "./release.ts";

/**
 * Large enough that a part costs nothing beside its bytes, and messages between threads cost nothing; small enough
 * to keep both ends busy.
 */
export const partBytes = 512 * 1024;

/** What two streams have under way; more would only lie there. */
const sparesMax = 16;

const spares: ArrayBuffer[] = [];

/**
 * Memory for one part, which holds whatever it held before. It goes round between connection and threads: a new
 * one for every half mebibyte is faulted in page by page, and its collector comes by far too often.
 */
export function freshPart(): ArrayBuffer {
  return spares.pop() ?? new ArrayBuffer(partBytes);
}

/**
 * Takes the memory back, if it is a part and few are spare, else gives it to the system; as with `release`, nobody
 * else may hold it. Whoever still does sees an empty memory, never that of the next.
 */
export function recycle(bytes: Uint8Array): void {
  const { buffer } = bytes;
  const isPart = buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === partBytes;
  if (isPart && spares.length < sparesMax) spares.push(buffer.transfer());
  else release(bytes);
}
