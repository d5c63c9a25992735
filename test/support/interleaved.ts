/**
 * Stores whose calls wait until a schedule lets them go: the order in which several verbs meet in the
 * stores is then drawn from a seed, and is the same each time.
 */
import { orAbort } from "../../src/base/waiting.ts";
import { around } from "../../src/stores/around.ts";
import type { WholeStore } from "../../src/stores/store.ts";

export class Schedule {
  readonly #chance: () => number;
  readonly #waiting: { readonly run: string; readonly go: () => void }[] = [];
  readonly #crashed = new Set<string>();

  /** `chance` gives numbers from 0 up to 1. */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** The store as one run sees it; `run` names it. */
  through(store: WholeStore, run: string): WholeStore {
    return around(store, {
      run: async (_call, work, wait) => {
        await orAbort(this.#turn(run), wait);
        return work();
      },
      list: (prefix, wait, after) => {
        const turn = this.#turn(run);
        return (async function* () {
          await orAbort(turn, wait);
          yield* store.list(prefix, wait, after);
        })();
      },
    });
  }

  /** Whatever that run asks from now on is never answered, as if its process were gone. */
  crash(run: string): void {
    this.#crashed.add(run);
  }

  /** Resolves when every run of `live` waits for its turn; what one computes in between takes its own time. */
  async settles(live: () => readonly string[]): Promise<void> {
    for (;;) {
      const waiting = new Set(this.#waiting.map(({ run }) => run));
      if (live().every((run) => waiting.has(run))) return;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  /** Lets one call go, any of those that wait; false when none does. */
  step(): boolean {
    const able = this.#waiting.filter(({ run }) => !this.#crashed.has(run));
    const chosen = able[Math.floor(this.#chance() * able.length)];
    if (chosen === undefined) return false;
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1);
    chosen.go();
    return true;
  }

  async #turn(run: string): Promise<void> {
    await new Promise<void>((go) => {
      this.#waiting.push({ run, go });
    });
  }
}

/** Numbers from 0 up to 1 of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
