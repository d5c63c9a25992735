/**
 * The lines of an inventory, of which a backup of a terabyte has a million, in 76 bytes each where an object with its
 * two strings takes 300. A chunk's key is its tenant's prefix, a name and the digest of its bytes: the prefix is kept
 * once, name and digest as bytes. What is no such line, the manifest, the key objects, is kept as it is.
 */
import type { InventoryLine } from "../model/documents.ts";
import { type ChunkAddress, chunkKey, parseChunkKey } from "../model/layout.ts";
import type { TenantId } from "../model/ids.ts";

/** Name and digest, 32 bytes each; the size as a double, which every size is exact in; the number of the lock, 4. */
const place = { name: 0, digest: 32, bytes: 64, lock: 72 } as const;
const lineBytes = 76;
const segmentLines = 8192;
const segmentBytes = segmentLines * lineBytes;

/** What all packed chunks have in common. */
type Owner = Pick<ChunkAddress, "generation"> & { readonly tenant: TenantId };

export class PackedLines implements Iterable<InventoryLine> {
  #owner: Owner | null = null;
  readonly #segments: Buffer[] = [];
  #packed = 0;
  readonly #others: InventoryLine[] = [];
  /** Ends of locks, each once; those that are not locked have the first number. */
  readonly #locks: (string | undefined)[] = [undefined];
  readonly #lockNumbers = new Map<string | undefined, number>([[undefined, 0]]);
  #bytes = 0;

  static from(lines: Iterable<InventoryLine>): PackedLines {
    const packed = new PackedLines();
    for (const line of lines) packed.add(line);
    return packed;
  }

  get length(): number {
    return this.#packed + this.#others.length;
  }

  /** Of all objects that are named. */
  get bytes(): number {
    return this.#bytes;
  }

  add(line: InventoryLine): void {
    this.#bytes += line.bytes;
    const chunk = parseChunkKey(line.key);
    if (chunk === null || chunk.digest !== line.sha256 || !this.#isOfOwner(chunk)) this.#others.push(line);
    else this.#pack(chunk, line);
  }

  [Symbol.iterator](): Generator<InventoryLine> {
    return this.values();
  }

  /** Chunks in the order in which they came, then all others in theirs. */
  *values(): Generator<InventoryLine> {
    for (let at = 0; at < this.#packed; at += 1) yield this.#unpack(at);
    yield* this.#others;
  }

  #isOfOwner({ tenant, generation }: Owner): boolean {
    this.#owner ??= { tenant, generation };
    return tenant === this.#owner.tenant && generation === this.#owner.generation;
  }

  #pack({ name, digest }: ChunkAddress, { bytes, lockedUntil }: InventoryLine): void {
    const start = (this.#packed % segmentLines) * lineBytes;
    if (start === 0) this.#segments.push(Buffer.allocUnsafeSlow(segmentBytes));
    const segment = this.#segmentOf(this.#packed);
    segment.write(name, start + place.name, "hex");
    segment.write(digest, start + place.digest, "hex");
    segment.writeDoubleLE(bytes, start + place.bytes);
    segment.writeUInt32LE(this.#numberOf(lockedUntil), start + place.lock);
    this.#packed += 1;
  }

  #unpack(at: number): InventoryLine {
    const segment = this.#segmentOf(at);
    const start = (at % segmentLines) * lineBytes;
    if (this.#owner === null) throw new TypeError("packed lines have an owner");
    const { tenant, generation } = this.#owner;
    const name = segment.toString("hex", start + place.name, start + place.digest);
    const digest = segment.toString("hex", start + place.digest, start + place.bytes);
    const lockedUntil = this.#locks[segment.readUInt32LE(start + place.lock)];
    const line = {
      key: chunkKey(tenant, { generation, name, digest }),
      bytes: segment.readDoubleLE(start + place.bytes),
      sha256: digest,
    };
    return lockedUntil === undefined ? line : { ...line, lockedUntil };
  }

  #segmentOf(at: number): Buffer {
    const segment = this.#segments[Math.floor(at / segmentLines)];
    if (segment === undefined) throw new RangeError(`there is no line ${String(at)}`);
    return segment;
  }

  #numberOf(lockedUntil: string | undefined): number {
    const known = this.#lockNumbers.get(lockedUntil);
    if (known !== undefined) return known;
    this.#lockNumbers.set(lockedUntil, this.#locks.length);
    return this.#locks.push(lockedUntil) - 1;
  }
}
