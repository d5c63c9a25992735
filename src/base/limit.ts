import { orAbort, stillWaiting, type Waiting } from "./waiting.ts";

/** At most `size` units in use at once; waiters are served in order. A unit may be a place or a byte. */
export class Budget {
  #size: number;
  #used = 0;
  readonly #queue: { readonly units: number; readonly go: (granted: number) => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Resolves when `units` are free; asking for more than the whole takes the whole. Give back what was
   * taken, once. Rejects as `stillWaiting` does; what comes to a wait that is over goes to the next.
   */
  async take(units: number, wait: Waiting): Promise<() => void> {
    stillWaiting(wait);
    const taking = this.#take(units);
    try {
      return await orAbort(taking, wait);
    } catch (error) {
      void giveBackOnceTaken(taking);
      throw error;
    }
  }

  /** At once or not at all: null when they are not free, or others wait already. Give back what was taken, once. */
  takeNow(units: number): (() => void) | null {
    if (this.#queue.length > 0 || this.#used + units > this.#size) return null;
    this.#used += units;
    return this.#giveBackOnce(units);
  }

  /** What was taken stays taken; who waits is measured by the new size. */
  resize(size: number): void {
    this.#size = size;
    this.#serve();
  }

  async #take(units: number): Promise<() => void> {
    const granted = await new Promise<number>((resolve) => {
      this.#queue.push({ units, go: resolve });
      this.#serve();
    });
    return this.#giveBackOnce(granted);
  }

  #giveBackOnce(units: number): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#used -= units;
      this.#serve();
    };
  }

  #serve(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      // Who asks for more than the whole takes the whole.
      const units = Math.min(head.units, this.#size);
      if (this.#used + units > this.#size) return;
      this.#queue.shift();
      this.#used += units;
      head.go(units);
    }
  }
}

async function giveBackOnceTaken(taking: Promise<() => void>): Promise<void> {
  (await taking)();
}

/** Runs `work` on every item, `width` at a time; the first error ends it once the running ones have ended. */
export async function eachAtOnce<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    while (!failed) {
      const next = await iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, width) }, lane));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
