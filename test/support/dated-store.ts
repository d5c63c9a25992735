/** A real store in the time of a house, whose clock is moved by hand. */
import type { ObjectStat, WholeStore } from "../../src/stores/store.ts";
import { type House, noon } from "./repository-fixture.ts";

/** Goes by the clock of the house; what lies there is as old as the house. */
export function dated(store: WholeStore, { clock }: Pick<House, "clock">): WholeStore {
  return {
    ...store,
    clock: async (wait) => {
      await store.clock(wait);
      return clock.now();
    },
    list: (prefix, wait, after) =>
      (async function* (): AsyncGenerator<ObjectStat> {
        for await (const stat of store.list(prefix, wait, after)) yield { ...stat, modifiedAt: noon };
      })(),
  };
}
