import { startSealing } from "../../src/sealing/start-sealing.ts";
import type { BackupId } from "../../src/model/ids.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";
import { buildHouse, described, type House } from "./repository-fixture.ts";

export interface BackedUpHouse extends AsyncDisposable {
  readonly house: House;
  readonly sealing: ReturnType<typeof startSealing>;
  readonly backup: BackupId;
  readonly dubai: MemoryStore;
  readonly frankfurt: MemoryStore;
}

/** One backup of a minute ago, whole in two marked stores, of which each test takes copies. */
export async function backedUpHouse(): Promise<BackedUpHouse> {
  const house = await buildHouse();
  const sealing = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
  const [dubai, frankfurt] = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
  await described(house, dubai, frankfurt);
  const { backup } = await house.backUp([dubai, frankfurt], { rows: "a\n" });
  house.clock.advance(60_000);
  return {
    house,
    sealing,
    backup,
    dubai,
    frankfurt,
    [Symbol.asyncDispose]: async () => {
      await sealing[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}
