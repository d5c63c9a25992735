/**
 * Work that several ask for at the same time, done once for all who asked before it began. Who asks while
 * it runs, which may be too early for what he has done meanwhile, shares the next one.
 */
export class SharedWork {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** `work` begins after this was called; `about` tells what may be shared. Rejects as that work does, for all who shared it. */
  async do(about: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(about);
    if (running === undefined) return this.#start(about, work);
    const shared = this.#next.get(about);
    if (shared !== undefined) return shared;
    const next = (async () => {
      // How that one ended is told to who asked for it.
      await running.catch(() => undefined);
      this.#next.delete(about);
      return this.#start(about, work);
    })();
    this.#next.set(about, next);
    return next;
  }

  #start(about: string, work: () => Promise<void>): Promise<void> {
    const running = work().finally(() => {
      this.#running.delete(about);
    });
    this.#running.set(about, running);
    return running;
  }
}
