/** The slots of a catalog in memory: the same contract, for tests and simulations that beat many times. */
import type { Slots } from "../../src/catalog/catalog.ts";
import type { Slot } from "../../src/model/schedule.ts";

/** Runs no SQL: `enqueue` must be one that needs none. */
export function memorySlots(): Slots {
  let watermark: Date | null = null;
  const known = new Map<string, Slot>();
  const newest = new Map<string, Slot>();
  /** As the row lock of the real one: who hands out waits for who did. */
  let turn: Promise<unknown> = Promise.resolve();

  function notice(slot: Slot): void {
    const name = `${slot.tenant}/${slot.kind}`;
    const other = newest.get(name);
    if (other === undefined || other.at <= slot.at) newest.set(name, slot);
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    watermark: async () => (watermark === null ? null : new Date(watermark)),
    handOut: (slots, upTo, enqueue) =>
      inTurn(async () => {
        const fresh = [...new Map(slots.map((slot) => [slot.key, slot])).values()].filter(
          ({ key }) => !known.has(key),
        );
        if (fresh.length > 0)
          await enqueue(fresh, { executeSql: () => Promise.reject(new Error("no SQL here")) });
        for (const slot of fresh) {
          known.set(slot.key, slot);
          notice(slot);
        }
        watermark = new Date(upTo);
        return fresh;
      }),
    newest: async () => [...newest.values()],
    forgetAfter: (latest) =>
      inTurn(async () => {
        for (const { key, at } of known.values()) if (new Date(at) > latest) known.delete(key);
        newest.clear();
        for (const slot of known.values()) notice(slot);
      }),
  };
}
