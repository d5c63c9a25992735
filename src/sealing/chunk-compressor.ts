import { release } from "../base/release.ts";
import { compress, frameOf, padded } from "./compress.ts";
import { isChoice, type Manner } from "./zstd-parameters.ts";

/** A stream is of one kind nearly always: of so many chunks one is compressed in both manners. */
const chunksPerTrial = 32;
/** Rows are faster to compress in their manner, which is worth this share of the bytes. */
const worthIt = 0.99;

/** Compresses the chunks of one stream, in the manner in which the last one tried both ways took fewer bytes. */
export class ChunkCompressor {
  readonly #level: number;
  #manner: Manner = "rows";
  #untilTrial = 0;

  constructor(level: number) {
    this.#level = level;
  }

  /** As `compress` makes it. */
  compress(plain: Uint8Array): Buffer {
    if (!isChoice(this.#level, plain.length)) return compress(plain, this.#level);
    if (this.#untilTrial === 0) return this.#try(plain);
    this.#untilTrial -= 1;
    return compress(plain, this.#level, this.#manner);
  }

  #try(plain: Uint8Array): Buffer {
    this.#untilTrial = chunksPerTrial - 1;
    const asRows = frameOf(plain, this.#level, "rows");
    const rowsBytes = asRows.length;
    // Its output has room for the worst case, and that of the other manner is not made beside it.
    const rows = padded(asRows);
    const asText = frameOf(plain, this.#level, "text");
    const isText = asText.length < rowsBytes * worthIt;
    this.#manner = isText ? "text" : "rows";
    release(isText ? rows : asText);
    return isText ? padded(asText) : rows;
  }
}
