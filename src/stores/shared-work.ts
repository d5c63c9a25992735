/**
 * What has not ended after so long may never do so: a system call on a volume that was detached does not return.
 * Volumes that are only slow begin a little more than they need to.
 */
const runMsMax = 30_000;

interface Run {
  readonly done: Promise<void>;
  readonly sinceMs: number;
}

/**
 * Work that several ask for at the same time, done once for all who asked before it began. Who asks while
 * it runs, which may be too early for what he has done meanwhile, shares the next one. Nobody who comes after half a
 * minute waits for what still runs.
 */
export class SharedWork {
  readonly #monotonicMs: () => number;
  readonly #running = new Map<string, Run>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
  }

  /** `work` begins after this was called; `about` tells what may be shared. Rejects as that work does, for all who shared it. */
  async do(about: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(about);
    if (running === undefined) return this.#start(about, work);
    if (this.#monotonicMs() - running.sinceMs >= runMsMax) {
      this.#next.delete(about);
      return this.#start(about, work);
    }
    const shared = this.#next.get(about);
    if (shared !== undefined) return shared;
    // How that one ended is told to who asked for it.
    const before = running.done.catch(() => undefined);
    const next = before.then(async () => {
      if (this.#next.get(about) === next) this.#next.delete(about);
      return this.#start(about, work);
    });
    this.#next.set(about, next);
    return next;
  }

  #start(about: string, work: () => Promise<void>): Promise<void> {
    const done = work().finally(() => {
      if (this.#running.get(about) === run) this.#running.delete(about);
    });
    const run: Run = { done, sinceMs: this.#monotonicMs() };
    this.#running.set(about, run);
    return done;
  }
}
