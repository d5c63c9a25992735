/**
 * Bytes that are given away with their memory. Whoever passes bytes on may still read them later, so
 * memory is copied, and left to the collector, unless the giver said that it need not be.
 */
const given = new WeakSet<Uint8Array>();

/** Says that nobody will read these bytes any more once their taker has them; they are alone in their memory. */
export function give<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  given.add(bytes);
  return bytes;
}

/** Whether their memory may be transferred, used for something else or given back. */
export function isGiven(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return given.has(bytes) && bytes.buffer instanceof ArrayBuffer;
}
