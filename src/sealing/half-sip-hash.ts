/**
 * HalfSipHash-1-3 of a few 32-bit words under a 64-bit key: a keyed function whose outputs tell
 * nothing of the key, made of 32-bit operations, which is what JavaScript is quick at.
 * Source: Aumasson and Bernstein, the reference code that accompanies SipHash (2012). Input is given
 * as whole words, so the length word at the end is that of `4 * words` bytes.
 */
export interface SipKey {
  readonly low: number;
  readonly high: number;
}

export function sipKey(bytes: Buffer): SipKey {
  return { low: bytes.readInt32LE(0), high: bytes.readInt32LE(4) };
}

/** The hash of `words` words of `input`, as an unsigned 32-bit number. */
export function halfSipHash(input: Int32Array, words: number, key: SipKey): number {
  let v0 = key.low;
  let v1 = key.high;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  const blocks = words + 4;
  for (let block = 0; block < blocks; block += 1) {
    const word = block < words ? (input[block] ?? 0) : block === words ? words << 26 : 0;
    // After the length word come three rounds without input; the first is told by 0xff in v2.
    if (block === words + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
