/**
 * Where one zstd frame ends (RFC 8878, section 3.1.1), without decompressing it. Node's zstd passes in
 * silence over whatever follows the first frame, so that has to be looked at by ourselves (trap 30).
 */
const magic = 0xfd2fb528;

/** The length of the data frame that `bytes` starts with; null when it does not start with a whole one. */
export function frameLength(bytes: Buffer): number | null {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== magic) return null;
  const descriptor = bytes.readUInt8(4);
  let at = 5 + headerRest(descriptor);
  for (;;) {
    if (at + 3 > bytes.length) return null;
    const block = bytes.readUIntLE(at, 3);
    const kind = (block >>> 1) & 3;
    // A run-length block holds one byte whatever it says; kind 3 is reserved.
    if (kind === 3) return null;
    at += 3 + (kind === 1 ? 1 : block >>> 3);
    if ((block & 1) === 1) break;
  }
  const checksum = (descriptor & 4) === 0 ? 0 : 4;
  return at + checksum <= bytes.length ? at + checksum : null;
}

/** Bytes of the frame header behind its descriptor: window, dictionary id and content size. */
function headerRest(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const window = singleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  return window + dictionary + size;
}
