import { lstat, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Chance, randomBase32 } from "../base/chance.ts";
import { errnoOf, nullIfAbsent } from "./directory-failure.ts";
import type { OwnFolders } from "./own-folders.ts";
import { SharedWork } from "./shared-work.ts";

/** Starts with a dot, hence can be no part of an object key. */
const folderName = ".staging";
const staleMs = 86_400_000;

/**
 * Where a directory store writes before it links: on the same file system as the objects, out of
 * sight of listings. A writer that crashes leaves a file here that nobody reads; it is swept by
 * whoever comes first after a day.
 */
export class Staging {
  readonly #folder: string;
  readonly #folders: OwnFolders;
  readonly #chance: Chance;
  readonly #looks = new SharedWork();
  #swept = false;

  constructor(root: string, folders: OwnFolders, chance: Chance) {
    this.#folder = join(root, folderName);
    this.#folders = folders;
    this.#chance = chance;
  }

  /** A durable file with these bytes. Dispose of it to remove it; links to it stay. Throws as `OwnFolders.holds`. */
  async write(body: Uint8Array): Promise<StagedFile> {
    const staged = await this.#write(body);
    if (!this.#swept) {
      this.#swept = true;
      await this.#sweep(staged);
    }
    return staged;
  }

  /** The time of the file system, which may be another machine's. Throws as `write`. */
  async clock(): Promise<Date> {
    await using staged = await this.#write(new Uint8Array());
    return (await lstat(staged.path)).mtime;
  }

  async #write(body: Uint8Array): Promise<StagedFile> {
    // Looked at before every write: a link that stands here would lead it out of the store.
    await this.#looks.do(folderName, async () => this.#makeFolder());
    const path = join(this.#folder, randomBase32(this.#chance, 26));
    const file = await open(path, "wx", 0o640);
    try {
      await file.writeFile(body);
      await file.sync();
    } catch (error) {
      await file.close();
      await unlinkIfThere(path);
      throw error;
    }
    await file.close();
    return new StagedFile(path);
  }

  async #makeFolder(): Promise<void> {
    while (!(await this.#folders.holds(folderName))) {
      try {
        await mkdir(this.#folder, 0o750);
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        // Somebody was quicker, with a folder or with something else, be it a link to nowhere.
        const found = await nullIfAbsent(lstat(this.#folder));
        if (found?.isDirectory() === false) {
          throw Object.assign(new Error(`${this.#folder} is not a folder`), { code: "ENOTDIR" });
        }
      }
    }
  }

  /**
   * Removes what crashed writers left more than a day before `staged` was written. Never fails: leftovers harm
   * nobody, and nobody but us could remove `staged` yet.
   */
  async #sweep(staged: StagedFile): Promise<void> {
    try {
      const now = (await lstat(staged.path)).mtime;
      for (const name of await readdir(this.#folder)) {
        const path = join(this.#folder, name);
        const { mtime } = await lstat(path);
        if (now.getTime() - mtime.getTime() > staleMs) await unlinkIfThere(path);
      }
    } catch {
      // Somebody else may sweep at the same time, or own the leftovers.
    }
  }
}

export class StagedFile implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Never fails: what became of the object is what matters, and what cannot be removed is swept another day. */
  async [Symbol.asyncDispose](): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
