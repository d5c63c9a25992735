/** An object of a directory store is durable when its writer is told so, be it by a second attempt (port of stores, `create`). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import { DurableFolders } from "../../src/stores/durable-folders.ts";
import { retrying } from "../../src/stores/retrying.ts";

const wait = { signal: new AbortController().signal };
const key = objectKey.parse("a/b/object");

afterEach(() => {
  vi.restoreAllMocks();
});

it("the folder is synced again when its first sync failed after the link was made", async () => {
  const path = await mkdtemp(join(tmpdir(), "holdfast-durable-"));
  try {
    const store = directoryStore({ name: storeName.parse("one"), path });
    const patient = retrying(store, { attemptsMax: 3, firstDelayMs: 1, delayMaxMs: 1 });
    const failed = Object.assign(new Error("i/o error"), { code: "EIO" });
    const sync = vi.spyOn(DurableFolders.prototype, "sync");
    sync.mockResolvedValueOnce().mockResolvedValueOnce().mockRejectedValueOnce(failed);
    await patient.create(key, Buffer.from("body"), {}, wait);
    expect(sync.mock.calls).toEqual([["."], ["a"], ["a/b"], ["a/b"]]);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});

it("writers who come while a folder is synced share one sync that begins after them", async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const folders = new DurableFolders("/store", () => {
    const sync = Promise.withResolvers<void>();
    begun.push(sync);
    return sync.promise;
  });
  const ended: string[] = [];
  const sync = async (name: string): Promise<void> => {
    await folders.sync("a");
    ended.push(name);
  };
  const [first, second, third] = [sync("first"), sync("second"), sync("third")];
  expect(begun).toHaveLength(1);
  begun[0]?.resolve();
  await first;
  await vi.waitFor(() => expect(begun).toHaveLength(2));
  expect(ended).toEqual(["first"]);
  begun[1]?.resolve();
  await Promise.all([second, third]);
  expect(begun).toHaveLength(2);
});

it("a sync that fails is told to those who asked for it, and the next ones have one of their own", async () => {
  const outcomes = [Promise.reject(new Error("i/o error")), Promise.resolve()];
  const folders = new DurableFolders("/store", async () => outcomes.shift());
  const [first, second] = [folders.sync("a"), folders.sync("a")];
  await expect(first).rejects.toThrow("i/o error");
  await expect(second).resolves.toBeUndefined();
  expect(outcomes).toHaveLength(0);
});
