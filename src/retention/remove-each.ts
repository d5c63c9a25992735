/** The last step of a removal: objects that nothing names and that were condemned long ago, out of every store that shows them. */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { askEach } from "../repository/library.ts";
import type { WholeStore } from "../stores/store.ts";
import type { Lying } from "./lying-keys.ts";
import { removeWhole } from "./remove-whole.ts";
import type { Tally } from "./report.ts";
import { type Stop, storeDown } from "./stop.ts";

export interface Removed {
  readonly freed: Tally;
  /** Refused by their store. */
  readonly locked: Tally;
  readonly stops: readonly Stop[];
}

const removalsAtOnce = 8;

/** A store that fails keeps the rest for the next prune, and holds up no other: nothing names these objects anywhere. */
export async function removeEach(
  toRemove: Iterable<Lying>,
  stores: readonly WholeStore[],
  wait: Waiting,
): Promise<Removed> {
  const freed = { objects: 0, bytes: 0 };
  const locked = { objects: 0, bytes: 0 };
  const { down } = await askEach(
    stores,
    async (store) => {
      const here = Iterator.from(toRemove).filter(({ stores: lieIn }) => lieIn.includes(store.name));
      await eachAtOnce(here, removalsAtOnce, async ({ key, bytes }) => {
        const tally = (await removeWhole(store, key, wait)) ? freed : locked;
        tally.objects += 1;
        tally.bytes += bytes;
      });
    },
    wait,
  );
  return { freed, locked, stops: down.map(storeDown) };
}
