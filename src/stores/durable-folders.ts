import { lstat, mkdir, open, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "./directory-failure.ts";

/** Beyond this the memory of folders starts anew; it only saves work. */
const rememberedMax = 20_000;

/**
 * Folders of a directory store that survive a crash: a new folder is durable only once the folder
 * above it has been synced, and a folder that is there may have been made by a writer who has not
 * synced yet. So each is synced once by this process, whoever made it.
 */
export class DurableFolders {
  readonly #root: string;
  readonly #durable = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes `folder`, a path relative to the root, with all above it. Links on the way are ENOTDIR. */
  async ensure(folder: string): Promise<void> {
    if (folder === "." || this.#durable.has(folder)) return;
    const above = dirname(folder);
    await this.ensure(above);
    const path = join(this.#root, folder);
    await mkdir(path, 0o750).catch((error: unknown) => {
      if (errnoOf(error) !== "EEXIST") throw error;
    });
    if (!(await lstat(path)).isDirectory()) {
      throw Object.assign(new Error(`${path} is not a folder`), { code: "ENOTDIR" });
    }
    await this.sync(above);
    if (this.#durable.size >= rememberedMax) this.#durable.clear();
    this.#durable.add(folder);
  }

  /** Makes names that were added to or taken from `folder` durable. */
  async sync(folder: string): Promise<void> {
    const handle = await open(join(this.#root, folder), "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
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
