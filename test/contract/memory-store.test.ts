/** The store in memory that other tests lean on keeps the contract that real ones keep. */
import { describe } from "vitest";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";
import { storeContract } from "./store-contract.ts";

async function nothing(): Promise<void> {}

describe("a store in memory", () => {
  storeContract(async () => ({ store: memoryStore(), [Symbol.asyncDispose]: nothing }));
});

describe("a faulty store without a fault", () => {
  storeContract(async () => ({ store: faulty(memoryStore()), [Symbol.asyncDispose]: nothing }));
});
