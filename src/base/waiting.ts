import { Failure } from "./failure.ts";

/** What every wait is given: who may end it. Limits are added with `within`. */
export interface Waiting {
  readonly signal: AbortSignal;
}

/** The same wait, ended after `limitMs` at the latest. */
export function within(wait: Waiting, limitMs: number): Waiting {
  return { signal: AbortSignal.any([wait.signal, AbortSignal.timeout(limitMs)]) };
}

/**
 * A wait that ends `graceMs` after the other, for the same reason: for what is short and had better not be
 * left half done. Dispose of it when that is done.
 */
export function outlasting({ signal }: Waiting, graceMs: number): Waiting & Disposable {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      end.abort(signal.reason);
    }, graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: end.signal,
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    },
  };
}

/** Throws "wait/cancelled" or "wait/expired" once the wait is over; does nothing before. */
export function stillWaiting(wait: Waiting): void {
  if (wait.signal.aborted) throw abortFailure(wait.signal);
}

export function abortFailure(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  if (reason instanceof Failure) return reason;
  const expired = reason instanceof DOMException && reason.name === "TimeoutError";
  return expired
    ? new Failure("wait/expired", "the time allowed for this step is over", { cause: reason })
    : new Failure("wait/cancelled", "cancelled", { cause: reason });
}

/** Resolves after `ms`; rejects as `stillWaiting` does. */
export async function pause(ms: number, wait: Waiting): Promise<void> {
  stillWaiting(wait);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortFailure(wait.signal));
    };
    const timer = setTimeout(() => {
      wait.signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    wait.signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** `work`, unless the wait ends first; the work itself is not stopped by this. */
export async function orAbort<T>(work: Promise<T>, wait: Waiting): Promise<T> {
  // When the wait is over already nobody will look at the work any more, be it to fail.
  work.catch(() => undefined);
  stillWaiting(wait);
  let onAbort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(abortFailure(wait.signal));
    };
    wait.signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    if (onAbort !== undefined) wait.signal.removeEventListener("abort", onAbort);
  }
}
