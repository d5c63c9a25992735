/**
 * `inventory.zst`: zstd over JSON lines; a header, then every object of the backup sorted by key.
 * Sorted, so that their order tells nothing about the streams (trap 29), and so that it can be
 * compared with a listing in one pass.
 */
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import { Readable } from "node:stream";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import { chunkBytesMax } from "../model/chunk-bytes.ts";
import { inventoryHeader, type InventoryLine, inventoryLine } from "../model/documents.ts";
import type { BackupId, TenantId } from "../model/ids.ts";
import { parseChunkKey, tenantPrefix } from "../model/layout.ts";
import { manifestBytesMax } from "./manifest.ts";

export interface InventoryOwner {
  readonly tenant: TenantId;
  readonly backup: BackupId;
}

/** `lines` in any order; no key twice. */
export async function encodeInventory(
  owner: InventoryOwner,
  lines: readonly InventoryLine[],
): Promise<Buffer> {
  const sorted = lines.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const header = { format: { name: "holdfast-inventory", version: 1 }, ...owner };
  const text = Readable.from(jsonLines(header, sorted));
  return Buffer.concat(await Array.fromAsync(bytesOf(text.pipe(createZstdCompress()))));
}

/** The library types what a stream yields as anything; ours yield bytes. */
async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const part of stream) {
    if (!(part instanceof Uint8Array))
      throw new Failure("internal/bug", "a stream of bytes gave something else");
    yield part;
  }
}

function* jsonLines(header: object, lines: readonly InventoryLine[]): Generator<string> {
  yield `${JSON.stringify(header)}\n`;
  for (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** More than an inventory line may need: the longest key, a digest, a length and a date. */
const lineBytesMax = 2048;
/** A manifest names each chunk with more bytes than that, and has an end itself. */
const chunkReferenceBytes = 128;
const objectsMax = Math.floor(manifestBytesMax / chunkReferenceBytes);
/** Sealing adds less than that to the longest chunk. */
const sealedChunkBytesMax = 2 * chunkBytesMax;

/**
 * The lines of an inventory whose bytes a record vouched for. `linesMax` is what the record says;
 * more, another owner, an unsorted or a foreign key is "format/invalid"; an unknown version "format/unknown".
 */
export async function* decodeInventory(
  bytes: Uint8Array,
  owner: InventoryOwner,
  linesMax: number,
): AsyncGenerator<InventoryLine> {
  // What a signer of records says of lengths is no promise: a few kilobytes unfold into as many lines as it likes.
  if (linesMax > objectsMax)
    throw new Failure("format/invalid", `inventory of ${owner.backup} names more than any backup has`);
  let count = -1;
  let last = "";
  for await (const text of plainLines(bytes, (linesMax + 1) * lineBytesMax)) {
    count += 1;
    if (count === 0) {
      checkHeader(text, owner);
      continue;
    }
    const line = parseLine(text);
    if (count > linesMax)
      throw new Failure("format/invalid", `inventory of ${owner.backup} names more than its record says`);
    if (line.key <= last)
      throw new Failure("format/invalid", `inventory of ${owner.backup} is not sorted by key`);
    if (!line.key.startsWith(tenantPrefix(owner.tenant))) {
      throw new Failure(
        "format/invalid",
        `inventory of ${owner.backup} names ${line.key}, which is not the tenant's`,
      );
    }
    if (line.bytes > sealedChunkBytesMax && parseChunkKey(line.key) !== null)
      throw new Failure(
        "format/invalid",
        `inventory of ${owner.backup} names ${line.key} longer than any chunk`,
      );
    last = line.key;
    yield line;
  }
  if (count !== linesMax)
    throw new Failure("format/invalid", `inventory of ${owner.backup} names fewer than its record says`);
}

function checkHeader(text: string, owner: InventoryOwner): void {
  const header = inventoryHeader.safeParse(parseJson(text), interpreted);
  if (!header.success) {
    throw new Failure(
      "format/unknown",
      `inventory of ${owner.backup} is of a form this version does not know`,
    );
  }
  if (header.data.tenant !== owner.tenant || header.data.backup !== owner.backup) {
    throw new Failure(
      "format/invalid",
      `inventory of ${owner.backup} says it is that of ${header.data.backup}`,
    );
  }
}

function parseLine(text: string): InventoryLine {
  const line = inventoryLine.safeParse(parseJson(text));
  if (!line.success) throw new Failure("format/invalid", "a line of an inventory does not parse");
  return line.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Lines of the decompressed text, which may hold `bytesMax` at most: a small file can unfold into a huge one. */
async function* plainLines(bytes: Uint8Array, bytesMax: number): AsyncGenerator<string> {
  let seen = 0;
  const inflate = createZstdDecompress();
  async function* bounded(): AsyncGenerator<Uint8Array> {
    for await (const part of bytesOf(Readable.from([bytes]).pipe(inflate))) {
      seen += part.length;
      if (seen > bytesMax) throw new Failure("format/invalid", "an inventory unfolds beyond its bounds");
      yield part;
    }
  }
  try {
    let rest = "";
    const text = new TextDecoder("utf-8", { fatal: true });
    for await (const part of bounded()) {
      const lines = (rest + text.decode(part, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
      // Never gathered to its end: each further part would be joined to all that came before.
      if (rest.length > lineBytesMax)
        throw new Failure("format/invalid", "an inventory has a line longer than any of ours");
    }
    if (rest !== "") throw new Failure("format/invalid", "an inventory ends in the middle of a line");
  } catch (error) {
    if (isFailure(error)) throw error;
    throw new Failure("format/invalid", `an inventory does not decompress: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
