/** The slots in memory that tests of the scheduler lean on keep the contract that those of a real catalog keep. */
import { afterAll, beforeAll, describe } from "vitest";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { memorySlots } from "../support/memory-slots.ts";
import { slotsContract } from "./slots-contract.ts";

describe("slots in memory", () => {
  slotsContract(async () => {
    const slots = memorySlots();
    return [slots, slots];
  });
});

describe("slots of a catalog", () => {
  let catalogs: CatalogServer;
  const opened: Catalog[] = [];

  beforeAll(async () => {
    catalogs = await startCatalogServer();
  });
  afterAll(async () => {
    for (const catalog of opened) await catalog[Symbol.asyncDispose]();
    await catalogs[Symbol.asyncDispose]();
  });

  slotsContract(async () => {
    const address = await catalogs.fresh();
    const one = await connectTo(address);
    const other = await connectTo(address);
    opened.push(one, other);
    return [one.slots, other.slots];
  });
});
