import type { Waiting } from "../base/waiting.ts";
import type { ChunkRef } from "../model/manifest.ts";
import { release } from "../base/release.ts";

/** The plaintext of one chunk, of exactly the length the manifest states; fails as `Image.read` says. */
export type OpenChunk = (chunk: ChunkRef, wait: Waiting) => Promise<Buffer>;

/** For two connections that load neighbouring tables; at most 8 MiB each. */
const keptMax = 2;

export interface OpenedChunk {
  readonly plain: Promise<Buffer>;
  /** The bytes are not looked at any more. Call once. */
  done(): void;
}

interface Held {
  readonly plain: Promise<Buffer>;
  users: number;
}

/**
 * The chunks that are being read, and the last few of which only a part was: small tables lie many to a chunk, and
 * are read one by one. The memory of all others goes back at once. Left to the collector, a megabyte and more each,
 * they made it go over everything there is so often that it took as long as all else.
 */
export class OpenedChunks {
  readonly #open: OpenChunk;
  /** Those that nobody reads at the front, the oldest first. */
  readonly #held = new Map<string, Held>();

  constructor(open: OpenChunk) {
    this.#open = open;
  }

  /** `whole`: this reader takes all of it, so that nobody else will ask. */
  take(chunk: ChunkRef, whole: boolean, wait: Waiting): OpenedChunk {
    // Two lengths of one object are two claims, of which each is checked.
    const name = `${chunk.key} ${String(chunk.bytes)}`;
    const held = this.#held.get(name) ?? this.#begin(name, chunk, wait);
    held.users += 1;
    return {
      plain: held.plain,
      done: () => {
        held.users -= 1;
        if (held.users > 0) return;
        if (whole) this.#drop(name, held);
        else this.#keep(name, held);
      },
    };
  }

  #begin(name: string, chunk: ChunkRef, wait: Waiting): Held {
    const held: Held = { plain: this.#open(chunk, wait), users: 0 };
    this.#held.set(name, held);
    // Its turn to be awaited comes later, until when a failure must not go unhandled; who asks again tries again.
    held.plain.catch(() => {
      if (this.#held.get(name) === held) this.#held.delete(name);
    });
    return held;
  }

  #keep(name: string, held: Held): void {
    if (this.#held.get(name) !== held) return;
    this.#held.delete(name);
    this.#held.set(name, held);
    const idle = [...this.#held].filter(([, { users }]) => users === 0);
    for (const [oldest, one] of idle.slice(0, Math.max(0, idle.length - keptMax))) this.#drop(oldest, one);
  }

  #drop(name: string, held: Held): void {
    if (this.#held.get(name) === held) this.#held.delete(name);
    held.plain.then(release, () => undefined);
  }
}
