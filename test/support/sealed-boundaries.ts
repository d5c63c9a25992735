/** Where an age file falls into parts: header, nonce, pieces of 64 KiB, each with a tag of 16 bytes (age-encryption.org/v1). */

const nonceBytes = 16;
const tagBytes = 16;
const pieceBytes = 65_536 + tagBytes;

export interface SealedParts {
  /** The first byte after the header's line of the MAC. */
  readonly headerEnd: number;
  /** Ends of the pieces of the payload; the last is the length of the file. */
  readonly pieceEnds: readonly number[];
}

/** Throws when the bytes are not an age file. */
export function sealedParts(bytes: Uint8Array): SealedParts {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65_536)).toString("latin1");
  const mac = /\n--- [A-Za-z0-9+/]{43}\n/.exec(text);
  if (!text.startsWith("age-encryption.org/v1\n") || mac === null) throw new Error("this is not an age file");
  const headerEnd = mac.index + mac[0].length;
  const pieceEnds: number[] = [];
  for (let end = headerEnd + nonceBytes; end < bytes.length;) {
    end = Math.min(end + pieceBytes, bytes.length);
    pieceEnds.push(end);
  }
  return { headerEnd, pieceEnds };
}

/** Lengths to cut a sealed file to, around each of its boundaries; none is the whole length. */
export function truncations(bytes: Uint8Array): number[] {
  const { headerEnd, pieceEnds } = sealedParts(bytes);
  const around = [headerEnd, headerEnd + nonceBytes, ...pieceEnds].flatMap((at) => [
    at - tagBytes,
    at - 1,
    at,
    at + 1,
  ]);
  return [...new Set([0, 1, ...around])].filter((at) => at >= 0 && at < bytes.length).sort((a, b) => a - b);
}
