import { createHash, type Hash } from "node:crypto";
import { Failure } from "../base/failure.ts";
import { ChunkCompressor } from "./chunk-compressor.ts";
import { Cutter } from "./cut.ts";
import { isKnown, type KnownNames } from "./known-names.ts";
import type { StreamStep, WorkSummary } from "./messages.ts";
import { chunkName, type DerivedKeys, deriveKeys } from "./name.ts";
import { sealCompressed } from "./seal.ts";
import { type ChunkKeys, type CutChunk, sealedRoom } from "./sealing.ts";
import type { ChunkName } from "../model/layout.ts";

/** A stream's own names are remembered up to this number; a chunk that comes again later is sealed again, and placed once. */
const ownNamesMax = 4096;

/** Plaintext that was pushed, and what may be sealed of it without asking. */
interface Turn {
  granted: number;
}

/**
 * One stream inside a worker thread. What is pushed is worked on in order, one push at a time; the next ones may
 * be there already. Known chunks are passed over, new ones sealed as long as there is room for
 * them; where there is none, the work stops at the chunk until `next` says that there is.
 */
export class StreamWork {
  readonly #keys: ChunkKeys;
  readonly #known: KnownNames;
  readonly #derived: DerivedKeys;
  readonly #cutter: Cutter;
  readonly #compressor: ChunkCompressor;
  readonly #hash: Hash | null;
  readonly #own = new Set<ChunkName>();
  readonly #queued = new Set<Turn>();
  #bytes = 0;
  #before: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => undefined;
  #cuts: Iterator<Buffer, void> = [].values();
  #waiting: { readonly name: ChunkName; readonly chunk: Buffer } | null = null;
  #spare: ArrayBuffer | null = null;
  #ended = false;
  #isOver = false;

  /** `measure`: whether the digest of the whole stream is wanted. */
  constructor(keys: ChunkKeys, known: KnownNames, measure: boolean) {
    this.#keys = keys;
    this.#known = known;
    this.#hash = measure ? createHash("sha256") : null;
    this.#derived = deriveKeys(keys.idKey);
    this.#cutter = new Cutter(this.#derived.cutKey);
    this.#compressor = new ChunkCompressor(keys.zstdLevel);
  }

  /** `null`: that was all. `granted`: room for sealed chunks, each with its `sealedRoom`. */
  async push(plain: Uint8Array<ArrayBuffer> | null, granted: number): Promise<StreamStep> {
    const turn: Turn = { granted };
    const before = this.#before;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#before = promise;
    this.#queued.add(turn);
    await before;
    this.#queued.delete(turn);
    this.#endTurn = resolve;
    this.#stillWanted();
    if (this.#ended) throw new Failure("internal/bug", "plaintext behind the end of a stream");
    if (plain === null) {
      this.#ended = true;
      const rest = this.#cutter.finish();
      this.#cuts = (rest === null ? [] : [rest]).values();
    } else {
      this.#hash?.update(plain);
      this.#bytes += plain.length;
      this.#cuts = this.#cutter.push(plain);
      this.#spare = plain.buffer;
    }
    return this.#work([], turn.granted);
  }

  /** There is room for the chunk that waits. What was granted to pushes that are here by now was taken back. */
  async next(): Promise<StreamStep> {
    const waiting = this.#waiting;
    if (waiting === null) throw new Failure("internal/bug", "no chunk waits");
    this.#waiting = null;
    for (const turn of this.#queued) turn.granted = 0;
    return this.#work([await this.#sealed(waiting.chunk, waiting.name)], 0);
  }

  /** What is pushed and was not worked on will not be. */
  drop(): void {
    this.#isOver = true;
    this.#endTurn();
  }

  #stillWanted(): void {
    if (!this.#isOver) return;
    this.#endTurn();
    throw new Failure("wait/cancelled", "the stream was dropped");
  }

  async #work(chunks: CutChunk[], granted: number): Promise<StreamStep> {
    let room = granted;
    for (let cut = this.#cuts.next(); cut.done !== true; cut = this.#cuts.next()) {
      this.#stillWanted();
      const chunk = cut.value;
      const name = chunkName(chunk, this.#derived);
      if (this.#own.has(name) || isKnown(name, this.#known)) {
        chunks.push({ name, bytes: chunk.length, sealed: null });
        continue;
      }
      const wanted = sealedRoom(chunk.length);
      if (wanted > room) {
        this.#waiting = { name, chunk };
        return { chunks, waiting: wanted, spare: null, summary: null };
      }
      room -= wanted;
      chunks.push(await this.#sealed(chunk, name));
    }
    const spare = this.#spare;
    this.#spare = null;
    this.#endTurn();
    return { chunks, waiting: null, spare, summary: this.#ended ? this.#finish() : null };
  }

  async #sealed(chunk: Buffer, name: ChunkName): Promise<CutChunk> {
    const sealed = await sealCompressed(this.#compressor.compress(chunk), [this.#keys.recipient]);
    if (this.#own.size === ownNamesMax) this.#own.clear();
    this.#own.add(name);
    return { name, bytes: chunk.length, sealed };
  }

  #finish(): WorkSummary {
    return { bytes: this.#bytes, sha256: this.#hash?.digest("hex") ?? null };
  }
}
