/** A resource that many use at once, and that is closed once it is replaced and the last of them has left. */

export interface Leasing {
  /** Keeps the resource open until it is disposed; disposing again does nothing. */
  lease(): Disposable;
  /**
   * No new leases will be asked for. Closes the resource after the last lease has ended, be that now;
   * resolves once it is closed, and rejects as closing does. A second call does no more.
   */
  retire(): Promise<void>;
  /** Closes a retired resource under those that use it still; for who cannot wait any longer. */
  evict(): void;
}

export function startLeasing(close: () => Promise<void>): Leasing {
  const over = Promise.withResolvers<void>();
  let leases = 0;
  let closed: Promise<void> | null = null;
  let isRetired = false;
  return {
    lease: () => {
      leases += 1;
      let isGivenBack = false;
      return {
        [Symbol.dispose]: () => {
          if (isGivenBack) return;
          isGivenBack = true;
          leases -= 1;
          // Between two jobs nobody uses what is still in force; only what is retired ends with its last user.
          if (isRetired && leases === 0) over.resolve();
        },
      };
    },
    retire: async () => {
      isRetired = true;
      if (leases === 0) over.resolve();
      closed ??= over.promise.then(close);
      await closed;
    },
    evict: () => over.resolve(),
  };
}
