import { failureOf, type FailureCode } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";
import { type AnyStore, around } from "./around.ts";
import type { ObjectStat, StoreOperation } from "./store.ts";

export interface StoreEvent {
  readonly store: StoreName;
  readonly operation: StoreOperation;
  readonly ms: number;
  /** Of the body that was written or read. */
  readonly bytes: number;
  readonly outcome: "done" | FailureCode;
}

/**
 * Tells `onRequest` of every call once it has ended. A listing is one call, which ends when its
 * reader stops, and its time leaves out what the reader took. `nowMs` must not jump.
 */
export function observed(
  store: AnyStore,
  onRequest: (event: StoreEvent) => void,
  nowMs: () => number = () => performance.now(),
): AnyStore {
  const tell = (
    operation: StoreOperation,
    ms: number,
    bytes: number,
    outcome: StoreEvent["outcome"],
  ): void => {
    onRequest({ store: store.name, operation, ms, bytes, outcome });
  };

  async function* list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    const listing = store.list(prefix, wait, after)[Symbol.asyncIterator]();
    let ms = 0;
    let outcome: StoreEvent["outcome"] = "done";
    try {
      for (;;) {
        const startedMs = nowMs();
        const next = await listing.next().finally(() => {
          ms += nowMs() - startedMs;
        });
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      await listing.return?.();
      tell("list", ms, 0, outcome);
    }
  }

  return around(store, {
    run: async ({ operation, bytes }, work) => {
      const startedMs = nowMs();
      try {
        const result = await work();
        const read = result instanceof Uint8Array ? result.length : 0;
        tell(operation, nowMs() - startedMs, bytes + read, "done");
        return result;
      } catch (error) {
        tell(operation, nowMs() - startedMs, 0, outcomeOf(error));
        throw error;
      }
    },
    list,
  });
}

function outcomeOf(error: unknown): FailureCode {
  return failureOf(error).code;
}
