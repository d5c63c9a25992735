import { lstat, mkdir, open, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "./directory-failure.ts";
import { SharedWork } from "./shared-work.ts";

/** Beyond this the memory of folders starts anew; it only saves work. */
const rememberedMax = 20_000;

/**
 * Folders of a directory store that survive a crash: a new folder is durable only once the folder
 * above it has been synced, and a folder that is there may have been made by a writer who has not
 * synced yet. So each is synced once by this process, whoever made it.
 */
export class DurableFolders {
  readonly #root: string;
  readonly #syncOne: (path: string) => Promise<void>;
  readonly #durable = new Set<string>();
  readonly #syncs = new SharedWork();

  /** `syncOne` makes one folder durable, given its whole path. */
  constructor(root: string, syncOne: (path: string) => Promise<void> = syncFolder) {
    this.#root = root;
    this.#syncOne = syncOne;
  }

  /** Makes `folder`, a path relative to the root, with all above it. Links on the way are ENOTDIR. */
  async ensure(folder: string): Promise<void> {
    if (folder === "." || this.#durable.has(folder)) return;
    const above = dirname(folder);
    await this.ensure(above);
    const path = join(this.#root, folder);
    const isNew = await makeOrFind(path);
    if (!isNew && !(await lstat(path)).isDirectory()) {
      throw Object.assign(new Error(`${path} is not a folder`), { code: "ENOTDIR" });
    }
    await this.sync(above);
    if (this.#durable.size >= rememberedMax) this.#durable.clear();
    this.#durable.add(folder);
  }

  /** Makes names that were added to or taken from `folder` durable, with a sync that begins after this was called. */
  async sync(folder: string): Promise<void> {
    return this.#syncs.do(folder, async () => this.#syncOne(join(this.#root, folder)));
  }

  /** Folders can go under us, by `prune` for one; then they are made anew. */
  forget(): void {
    this.#durable.clear();
  }

  /** Removes `folder` and those above it as far as they are empty. */
  async tidy(folder: string): Promise<void> {
    for (let path = folder; path !== "."; path = dirname(path)) {
      this.#durable.delete(path);
      try {
        await rmdir(join(this.#root, path));
      } catch {
        // Not empty, or not ours to remove; an empty folder left behind harms nobody.
        return;
      }
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether this call made it. */
async function makeOrFind(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o750);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return false;
  }
}
