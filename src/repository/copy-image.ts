/** The streams of a backup, put together again from objects that are checked before a byte is handed out. */
import { Measure } from "../base/digest.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ChunkRef, Manifest, StreamEntry } from "../model/manifest.ts";
import type { Image } from "../postgres/image.ts";
import { type OpenChunk, type OpenedChunk, OpenedChunks } from "./opened-chunks.ts";

/** Chunks fetched and opened ahead of the reader: of usual ones so many, of large ones fewer. */
const aheadMax = 4;
/** As much as the largest chunk has; what is ahead of two readers fits beside what is being opened. */
const aheadBytesMax = 8 * 1024 * 1024;

export function copyImage(content: Pick<Manifest, "streams" | "fingerprint">, openChunk: OpenChunk): Image {
  const streams = new Map(content.streams.map((stream) => [stream.id, stream]));
  const opened = new OpenedChunks(openChunk);
  return {
    fingerprint: content.fingerprint,
    read: (id, range, wait) => {
      const stream = streams.get(id);
      if (stream === undefined) throw new Failure("format/invalid", `the manifest names no stream ${id}`);
      return range === null ? readWhole(stream, opened, wait) : readRange(stream, range, opened, wait);
    },
  };
}

async function* readWhole(stream: StreamEntry, opened: OpenedChunks, wait: Waiting): AsyncGenerator<Buffer> {
  const measure = new Measure();
  for await (const part of readRange(stream, { from: 0, to: stream.bytes }, opened, wait)) {
    measure.update(part);
    yield part;
  }
  const { bytes, sha256 } = measure.finish();
  if (bytes !== stream.bytes || sha256 !== stream.sha256) {
    throw new Failure("sealing/damaged", `stream ${stream.id} does not add up to what the manifest states`);
  }
}

interface Piece {
  readonly chunk: ChunkRef;
  readonly from: number;
  readonly to: number;
}

interface Opening {
  readonly piece: Piece;
  readonly chunk: OpenedChunk;
}

async function* readRange(
  stream: StreamEntry,
  range: { readonly from: number; readonly to: number },
  opened: OpenedChunks,
  wait: Waiting,
): AsyncGenerator<Buffer> {
  const opening: Opening[] = [];
  const pieces = piecesOf(stream, range);
  try {
    for (let next = 0; next < pieces.length || opening.length > 0;) {
      for (let piece = pieces[next]; piece !== undefined && hasRoom(opening, piece); piece = pieces[next]) {
        const whole = piece.to - piece.from === piece.chunk.bytes;
        opening.push({ piece, chunk: opened.take(piece.chunk, whole, wait) });
        next += 1;
      }
      const first = opening[0];
      if (first === undefined) return;
      yield (await first.chunk.plain).subarray(first.piece.from, first.piece.to);
      opening.shift();
      first.chunk.done();
    }
  } finally {
    // A reader that leaves early leaves nothing running behind it.
    await Promise.allSettled(opening.map(({ chunk }) => chunk.plain));
    for (const { chunk } of opening) chunk.done();
  }
}

function hasRoom(opening: readonly Opening[], next: Piece): boolean {
  const bytes = opening.reduce((sum, { piece }) => sum + piece.chunk.bytes, next.chunk.bytes);
  return opening.length === 0 || (opening.length < aheadMax && bytes <= aheadBytesMax);
}

/** Which part of which chunks a range of the stream is. */
function piecesOf(
  { id, bytes, chunks }: StreamEntry,
  { from, to }: { readonly from: number; readonly to: number },
): Piece[] {
  if (from < 0 || to < from || to > bytes) {
    throw new Failure("format/invalid", `stream ${id} has no bytes ${String(from)} to ${String(to)}`);
  }
  const pieces: Piece[] = [];
  let start = 0;
  for (const chunk of chunks) {
    const end = start + chunk.bytes;
    if (end > from && start < to) {
      pieces.push({ chunk, from: Math.max(from - start, 0), to: Math.min(to - start, chunk.bytes) });
    }
    start = end;
  }
  if (start !== bytes)
    throw new Failure("format/invalid", `the chunks of stream ${id} do not add up to its length`);
  return pieces;
}
