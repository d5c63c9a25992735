/**
 * Signed documents are immutable, so one that was read is not read again while listings show it
 * unchanged. Who writes to a store can write other bytes under a key: these have another time or length,
 * and whatever was read is forgotten after a day all the same, or read again where it is doubted.
 */
import type { Clock } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";

interface Remembered {
  readonly body: Buffer;
  readonly stamp: string;
  readonly readAtMs: number;
}

const forgetAfterMs = 86_400_000;

/** Bodies of documents, `bytesMax` of them at most; a newcomer to a full memory is read each time. */
export class DocumentMemory {
  readonly #bytesMax: number;
  readonly #clock: Clock;
  readonly #held = new Map<string, Remembered>();
  #bytes = 0;

  constructor(bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax;
    this.#clock = clock;
  }

  /** Null unless it was read with this very stamp. */
  recall(name: string, stamp: string): Buffer | null {
    const found = this.#held.get(name);
    if (found === undefined) return null;
    if (found.stamp === stamp && this.#isFresh(found)) return found.body;
    this.#drop(name, found);
    return null;
  }

  keep(name: string, stamp: string, body: Buffer): void {
    const before = this.#held.get(name);
    if (before !== undefined) this.#drop(name, before);
    if (this.#bytes + body.length > this.#bytesMax) return;
    this.#held.set(name, { body, stamp, readAtMs: this.#clock.now().getTime() });
    this.#bytes += body.length;
  }

  /** Makes room of what is too old, which also drops documents that are no longer there. */
  tidy(): void {
    for (const [name, found] of this.#held) if (!this.#isFresh(found)) this.#drop(name, found);
  }

  #isFresh({ readAtMs }: Remembered): boolean {
    const age = this.#clock.now().getTime() - readAtMs;
    return age >= 0 && age < forgetAfterMs;
  }

  #drop(name: string, { body }: Remembered): void {
    this.#held.delete(name);
    this.#bytes -= body.length;
  }
}

/** A reader for one look: what it lists tells it whether what `memory` has of a document still holds. */
export function remembering(store: ObjectReader, memory: DocumentMemory): ObjectReader {
  const stamps = new Map<ObjectKey, string>();

  async function* list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    for await (const stat of store.list(prefix, wait, after)) {
      if (stat.key.endsWith(".jws")) stamps.set(stat.key, stampOf(stat));
      yield stat;
    }
  }

  return {
    name: store.name,
    stat: (key, wait) => store.stat(key, wait),
    list,
    versions: (key, wait) => store.versions(key, wait),
    clock: (wait) => store.clock(wait),
    read: async (key, options, wait) => {
      const stamp = stamps.get(key);
      if (stamp === undefined || options.version !== undefined || options.range !== undefined)
        return store.read(key, options, wait);
      const name = `${store.name} ${key}`;
      // Who doubts what is remembered is given what the store says now, which is remembered in its place.
      const known = options.again === true ? null : memory.recall(name, stamp);
      if (known !== null) return known;
      const body = await store.read(key, options, wait);
      memory.keep(name, stamp, body);
      return body;
    },
  };
}

function stampOf({ bytes, modifiedAt }: ObjectStat): string {
  return `${String(bytes)} ${String(modifiedAt.getTime())}`;
}
