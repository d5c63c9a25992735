import { createHash, type Hash } from "node:crypto";
import { Failure } from "../base/failure.ts";
import { Cutter } from "./cut.ts";
import type { StreamStep, WorkSummary } from "./messages.ts";
import { chunkName, type DerivedKeys, deriveKeys } from "./name.ts";
import { seal } from "./seal.ts";
import type { ChunkKeys, SealedBytes } from "./sealing.ts";

/**
 * One stream inside a worker thread. It stops at every chunk it has cut and named, until it is told
 * whether to seal it: `push` and `next` are called in turn, never two at once.
 */
export class StreamWork {
  readonly #keys: ChunkKeys;
  readonly #derived: DerivedKeys;
  readonly #cutter: Cutter;
  readonly #hash: Hash | null;
  #bytes = 0;
  #cuts: Iterator<Buffer, void> | null = null;
  #waiting: Buffer | null = null;
  #spare: ArrayBuffer | null = null;
  #ended = false;

  /** `measure`: whether the digest of the whole stream is wanted. */
  constructor(keys: ChunkKeys, measure: boolean) {
    this.#keys = keys;
    this.#hash = measure ? createHash("sha256") : null;
    this.#derived = deriveKeys(keys.idKey);
    this.#cutter = new Cutter(this.#derived.cutKey);
  }

  push(plain: Uint8Array<ArrayBuffer> | null): StreamStep {
    if (this.#cuts !== null || this.#ended) throw new Failure("internal/bug", "plaintext out of turn");
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
    return this.#step(null);
  }

  async next(sealIt: boolean): Promise<StreamStep> {
    if (this.#waiting === null) throw new Failure("internal/bug", "no chunk waits");
    const { recipient, zstdLevel } = this.#keys;
    const sealed = sealIt ? await seal(this.#waiting, [recipient], zstdLevel) : null;
    return this.#step(sealed);
  }

  #step(sealed: SealedBytes | null): StreamStep {
    const cut = this.#cuts?.next();
    if (cut !== undefined && cut.done !== true) {
      this.#waiting = cut.value;
      const waiting = { name: chunkName(cut.value, this.#derived), bytes: cut.value.length };
      return { sealed, waiting, spare: null, summary: null };
    }
    const spare = this.#spare;
    this.#cuts = null;
    this.#waiting = null;
    this.#spare = null;
    return { sealed, waiting: null, spare, summary: this.#ended ? this.#finish() : null };
  }

  #finish(): WorkSummary {
    return { bytes: this.#bytes, sha256: this.#hash?.digest("hex") ?? null };
  }
}
