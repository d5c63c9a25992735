/**
 * The memory that the row program works in, and the program over it: first what it tells, then the frames at hand,
 * then the chunk in the making, which grows in its place.
 */
import { type ViewedBytes, viewed } from "../base/copy-bytes.ts";
import { partBytes } from "../base/parts.ts";
import type { SipKey } from "./half-sip-hash.ts";
import { endsAt, rowProgram, stateWords } from "./row-program.ts";

/** As much as is used here of what the runtime has and its types leave out. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => GrowingMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly host: { readonly memory: GrowingMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

const pageBytes = 64 * 1024;
/** More than the program reads or writes behind what it was told. */
const slackBytes = 64;
const framesAt = 4096;
export const framesBytesMax = partBytes;
const chunkAt = framesAt + framesBytesMax + slackBytes;

export interface RowsTaken {
  /** Where it stopped in the frames. */
  readonly at: number;
  readonly filled: number;
  readonly chunkFrom: number;
}

export class RowMemory {
  readonly #memory: GrowingMemory;
  readonly #run: (...numbers: readonly number[]) => void;
  #frames: ViewedBytes;
  #chunk: ViewedBytes;
  #state: Int32Array;

  constructor(chunkBytes: number) {
    this.#memory = new WebAssembly.Memory({ initial: pagesFor(chunkBytes) });
    const { exports } = new WebAssembly.Instance((program ??= new WebAssembly.Module(rowProgram())), {
      host: { memory: this.#memory },
    });
    const { run } = exports;
    if (typeof run !== "function") throw new TypeError("the row program has no function");
    this.#run = (...numbers) => {
      Reflect.apply(run, undefined, numbers);
    };
    [this.#frames, this.#chunk, this.#state] = this.#views();
  }

  /** Where frames are put to be taken. This and the others hold until the memory grows. */
  get frames(): ViewedBytes {
    return this.#frames;
  }

  get chunk(): ViewedBytes {
    return this.#chunk;
  }

  /** Makes room for so many bytes of the chunk, which keeps what it has. */
  grow(chunkBytes: number): void {
    const pages = pagesFor(chunkBytes) - this.#memory.buffer.byteLength / pageBytes;
    if (pages > 0) this.#memory.grow(pages);
    [this.#frames, this.#chunk, this.#state] = this.#views();
  }

  /** As `rowProgram` says, in places of `frames` and of `chunk`; each end of a chunk is told to `onEnd`. */
  take(
    from: number,
    to: number,
    { filled, chunkFrom }: Omit<RowsTaken, "at">,
    key: SipKey,
    onEnd: (end: number) => void,
  ): RowsTaken {
    const state = this.#state;
    const roomTo = chunkAt + this.#chunk.bytes.length;
    this.#run(
      framesAt + from,
      framesAt + to,
      chunkAt + filled,
      chunkAt + chunkFrom,
      roomTo,
      key.low,
      key.high,
    );
    const ends = state[stateWords.ends] ?? 0;
    for (let index = 0; index < ends; index += 1) onEnd((state[endsAt / 4 + index] ?? 0) - chunkAt);
    return {
      at: (state[stateWords.at] ?? 0) - framesAt,
      filled: (state[stateWords.filled] ?? 0) - chunkAt,
      chunkFrom: (state[stateWords.chunkFrom] ?? 0) - chunkAt,
    };
  }

  clear(): void {
    new Uint8Array(this.#memory.buffer).fill(0);
  }

  #views(): [ViewedBytes, ViewedBytes, Int32Array] {
    const { buffer } = this.#memory;
    const chunkBytes = buffer.byteLength - chunkAt - slackBytes;
    return [
      viewed(Buffer.from(buffer, framesAt, framesBytesMax)),
      viewed(Buffer.from(buffer, chunkAt, chunkBytes)),
      new Int32Array(buffer, 0, framesAt / 4),
    ];
  }
}

/** Compiled once for a thread. */
let program: object | undefined;

function pagesFor(chunkBytes: number): number {
  return Math.ceil((chunkAt + chunkBytes + slackBytes) / pageBytes);
}

/** What a stream was cut in serves the next one: the collector is slow to give such memory back. */
let spare: RowMemory | null = null;

/** Memory with room for so many bytes of a chunk, or more. */
export function lendRowMemory(chunkBytes: number): RowMemory {
  const lent = spare ?? new RowMemory(chunkBytes);
  spare = null;
  return lent;
}

/** Nobody may use it any more; the next one finds nothing in it. */
export function giveBackRowMemory(memory: RowMemory): void {
  memory.clear();
  spare = memory;
}
