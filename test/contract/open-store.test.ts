/** A store as commands get it, driver and decorators together, still keeps the contract. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { openStore } from "../../src/stores/open.ts";
import { startS3Server } from "../support/s3-server.ts";
import { storeContract } from "./store-contract.ts";

const wait = { signal: new AbortController().signal };

describe("an opened directory", () => {
  storeContract(async () => {
    const path = await mkdtemp(join(tmpdir(), "holdfast-open-"));
    return {
      store: await openStore({ kind: "directory", name: storeName.parse("folder"), path }),
      [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
    };
  });
});

describe("an opened bucket", () => {
  storeContract(async () => {
    const server = await startS3Server();
    return {
      store: await openStore({
        kind: "s3",
        name: storeName.parse("bucket"),
        bucket: await server.createBucket("holdfast-open"),
        region: server.region,
        endpoint: server.endpoint,
        pathStyle: true,
        accessKeyId: server.accessKeyId,
        secretAccessKey: server.secretAccessKey,
      }),
      isEmulated: server.kind === "emulator",
      [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
    };
  });
});

describe("opening", () => {
  it("asks nothing of the store, and every request is told of", async () => {
    const told: string[] = [];
    const path = join(tmpdir(), "holdfast-there-is-no-such-folder");
    const store = await openStore(
      { kind: "directory", name: storeName.parse("gone"), path },
      { onRequest: ({ operation, outcome }) => told.push(`${operation} ${outcome}`), spread: () => 0 },
    );
    expect(told).toEqual([]);
    await expect(store.stat(objectKey.parse("a"), wait)).rejects.toMatchObject({ code: "store/unreachable" });
    expect(told).toEqual(Array.from({ length: 5 }, () => "stat store/unreachable"));
  });
});
