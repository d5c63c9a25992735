/**
 * Gives the memory of intermediate bytes back at once. The collector sees only a small object in front of
 * a megabyte outside of its heap, and lets tens of megabytes of them gather in every thread before it
 * comes by. Only for bytes that nobody else holds or will read; those that share memory with others,
 * as small ones do, are left alone.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  const alone = bytes.byteLength === buffer.byteLength || buffer.byteLength > Buffer.poolSize;
  if (alone && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
