import { pause, type Waiting } from "../base/waiting.ts";
import { Failure } from "../base/failure.ts";
import type { TenantId } from "../model/ids.ts";
import type { Shop } from "./shop.ts";

export interface Turn extends Disposable {
  /** Ends with the turn too. */
  readonly wait: Waiting;
  isOver(): boolean;
}

const askEveryMs = 60_000;

/**
 * Filling a store takes days, and the claim that it holds is the one that backups of its tenant need. So work that
 * gives way has at least a turn to itself, and is ended after it as soon as such a backup waits.
 */
export function takeTurn(
  { queue, pace, log }: Pick<Shop, "queue" | "pace" | "log">,
  { tenant, givesWay }: { readonly tenant: TenantId; readonly givesWay: boolean },
  wait: Waiting,
): Turn {
  const over = new AbortController();
  const left = new AbortController();
  const watching: Waiting = { signal: AbortSignal.any([wait.signal, left.signal]) };
  const watch = async (): Promise<void> => {
    await pause(pace.turnMs, watching);
    for (;;) {
      // Who cannot ask works on, and asks again.
      const waits = await queue.backupWaits(tenant, watching).catch((error: unknown) => {
        log.debug("whether a backup waits could not be asked", { error });
        return false;
      });
      if (waits) {
        over.abort(new Failure("wait/cancelled", "a backup of the tenant waits"));
        return;
      }
      await pause(Math.min(askEveryMs, pace.turnMs), watching);
    }
  };
  // It ends by itself, or with the wait.
  if (givesWay) void watch().catch(() => undefined);
  return {
    wait: { signal: AbortSignal.any([wait.signal, over.signal]) },
    isOver: () => over.signal.aborted,
    [Symbol.dispose]: () => left.abort(),
  };
}
