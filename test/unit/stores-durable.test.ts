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
    const sync = DurableFolders.prototype.sync;
    const synced: string[] = [];
    let failures = 0;
    vi.spyOn(DurableFolders.prototype, "sync").mockImplementation(async function (
      this: DurableFolders,
      folder: string,
    ) {
      if (folder === "a/b" && failures++ === 0) throw Object.assign(new Error("i/o error"), { code: "EIO" });
      await sync.call(this, folder);
      synced.push(folder);
    });
    await patient.create(key, Buffer.from("body"), {}, wait);
    expect(failures).toBeGreaterThan(1);
    expect(synced.at(-1)).toBe("a/b");
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});
