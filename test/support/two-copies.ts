/** One backup in two stores, of which a test breaks one. */
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { inventoryKey, manifestKey, recordKey } from "../../src/model/layout.ts";
import { memoryStore, type MemoryStore } from "./memory-store.ts";
import { oneOfEach } from "./replication-fixture.ts";
import { buildHouse, type House } from "./repository-fixture.ts";

export interface TwoCopies {
  /** The same for all tests of a file. */
  readonly house: House;
  readonly dubai: MemoryStore;
  readonly frankfurt: MemoryStore;
  readonly backup: BackupId;
  readonly record: ObjectKey;
  readonly inventory: ObjectKey;
  readonly manifest: ObjectKey;
  /** One of its chunks. */
  readonly chunk: ObjectKey;
}

/** Makes them anew before each test of the file that calls this; what it gives back tells those of the test that runs. */
export function twoCopies(table: string): () => TwoCopies {
  let house: House | null = null;
  let copies: TwoCopies | null = null;
  beforeAll(async () => {
    house = await buildHouse();
  });
  afterAll(async () => {
    await house?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    if (house !== null) copies = await copiesIn(house, table);
  });
  return () => {
    if (copies === null) throw new Error("no test runs");
    return copies;
  };
}

async function copiesIn(house: House, table: string): Promise<TwoCopies> {
  const dubai = memoryStore("dubai", house.clock);
  const frankfurt = memoryStore("frankfurt", house.clock);
  const { backup } = await house.backUp([dubai, frankfurt], { rows: table });
  house.clock.advance(60_000);
  const { chunk } = oneOfEach(frankfurt, backup);
  if (chunk === undefined) throw new Error("a backup without a chunk");
  const { tenant } = house;
  const keys = {
    record: recordKey(tenant, backup),
    inventory: inventoryKey(tenant, backup),
    manifest: manifestKey(tenant, backup),
  };
  return { house, dubai, frankfurt, backup, chunk, ...keys };
}
