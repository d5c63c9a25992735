/** Whether the stores answer, and how far their clocks are from ours. */
import { isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { StoreName } from "../model/ids.ts";
import { askEach, type StoreDown } from "../repository/library.ts";
import type { ObjectReader } from "../stores/store.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Desk } from "./desk.ts";

/** Who takes longer does not answer. */
const answerMsMax = 15_000;

/**
 * Asks every store once for its descriptor and its time, and tells the skew of each that says it;
 * resolves with those that did not answer. What the requests met is told by the desk's observer.
 */
export async function probeStores(
  { stores, machine }: Pick<Desk, "stores" | "machine">,
  tell: Tell,
  wait: Waiting,
): Promise<readonly StoreDown[]> {
  const { down } = await askEach(
    [...stores.values()],
    async (store) => {
      const limited = within(wait, answerMsMax);
      await readDescriptor(store, limited);
      const aheadMs = await aheadOf(store, () => machine.clock.now().getTime(), limited);
      if (aheadMs !== null) tell(skewOf(store.name, aheadMs));
    },
    wait,
  );
  return down;
}

function skewOf(store: StoreName, aheadMs: number): Parameters<Tell>[0] {
  return { kind: "clock-skew", against: { kind: "store", store }, aheadMs };
}

/** Null for a store that may be read and does not tell its time. */
async function aheadOf(store: ObjectReader, nowMs: () => number, wait: Waiting): Promise<number | null> {
  const before = nowMs();
  try {
    const theirs = (await store.clock(wait)).getTime();
    const after = nowMs();
    // The answer was made at some moment between the two readings of our clock.
    return theirs < before ? before - theirs : theirs > after ? after - theirs : 0;
  } catch (error) {
    if (isFailure(error, "store/refused") || isFailure(error, "store/protocol")) return null;
    throw error;
  }
}
