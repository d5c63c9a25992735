/**
 * The names of chunks that need not be sealed, in memory that all threads share: a worker that had to ask for every
 * chunk waited for the main thread, which has other things to do. Names are as good as random, so their
 * first bits tell the bucket they lie in; nothing has to be sorted, and a bucket holds a few.
 */
import type { ChunkName } from "../model/layout.ts";

const nameBytes = 32;
const bucketNames = 4;
const bucketBitsMax = 24;

/** Crosses threads as it stands; never changes once made. */
export interface KnownNames {
  readonly bucketBits: number;
  /** Where each bucket begins among the names, and where the last one ends. */
  readonly starts: Uint32Array<SharedArrayBuffer>;
  readonly names: Uint8Array<SharedArrayBuffer>;
}

/** 36 bytes or less for a name. */
export function knownNames(names: readonly ChunkName[]): KnownNames {
  const bucketBits = Math.min(bucketBitsMax, Math.max(0, Math.ceil(Math.log2(names.length / bucketNames))));
  const known: KnownNames = {
    bucketBits,
    starts: new Uint32Array(new SharedArrayBuffer(4 * (2 ** bucketBits + 1))),
    names: new Uint8Array(new SharedArrayBuffer(nameBytes * names.length)),
  };
  const buckets = Uint32Array.from(names, (name) =>
    bucketOf(Number.parseInt(name.slice(0, 8), 16), bucketBits),
  );
  // Counted one place further up than they belong, so that the sums are where each bucket begins.
  for (const bucket of buckets) known.starts[bucket + 1] = (known.starts[bucket + 1] ?? 0) + 1;
  for (let at = 1; at < known.starts.length; at += 1) {
    known.starts[at] = (known.starts[at] ?? 0) + (known.starts[at - 1] ?? 0);
  }
  const next = Uint32Array.from(known.starts);
  for (const [index, name] of names.entries()) {
    const bucket = buckets[index] ?? 0;
    const at = next[bucket] ?? 0;
    known.names.set(Buffer.from(name, "hex"), at * nameBytes);
    next[bucket] = at + 1;
  }
  return known;
}

export function isKnown(name: ChunkName, { bucketBits, starts, names }: KnownNames): boolean {
  const digest = Buffer.from(name, "hex");
  const bucket = bucketOf(digest.readUInt32BE(0), bucketBits);
  const to = (starts[bucket + 1] ?? 0) * nameBytes;
  for (let at = (starts[bucket] ?? 0) * nameBytes; at < to; at += nameBytes) {
    if (digest.equals(names.subarray(at, at + nameBytes))) return true;
  }
  return false;
}

function bucketOf(first32Bits: number, bucketBits: number): number {
  return Math.floor(first32Bits / 2 ** (32 - bucketBits));
}
