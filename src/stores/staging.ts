import { lstat, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Chance, randomBase32 } from "../base/chance.ts";
import { errnoOf } from "./directory-failure.ts";

/** Starts with a dot, hence can be no part of an object key. */
const folderName = ".staging";
const staleMs = 86_400_000;

/**
 * Where a directory store writes before it links: on the same file system as the objects, out of
 * sight of listings. A writer that crashes leaves a file here that nobody reads; it is swept by
 * whoever comes first after a day.
 */
export class Staging implements AsyncDisposable {
  readonly path: string;
  /** By the clock of the file system. */
  readonly madeAt: Date;

  private constructor(path: string, madeAt: Date) {
    this.path = path;
    this.madeAt = madeAt;
  }

  /** A durable file with these bytes. Dispose of it to remove it; links to it stay. */
  static async write(root: string, body: Uint8Array, chance: Chance): Promise<Staging> {
    const folder = join(root, folderName);
    const path = join(folder, randomBase32(chance, 26));
    await makeFolder(folder);
    const file = await open(path, "wx", 0o640);
    let madeAt: Date;
    try {
      await file.writeFile(body);
      await file.sync();
      madeAt = (await file.stat()).mtime;
    } catch (error) {
      await file.close();
      await unlinkIfThere(path);
      throw error;
    }
    await file.close();
    return new Staging(path, madeAt);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await unlinkIfThere(this.path);
  }
}

/** Removes what crashed writers left more than a day before `now`. Never fails: leftovers harm nobody. */
export async function sweepStaging(root: string, now: Date): Promise<void> {
  const folder = join(root, folderName);
  try {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const { mtime } = await lstat(path);
      if (now.getTime() - mtime.getTime() > staleMs) await unlinkIfThere(path);
    }
  } catch {
    // Somebody else may sweep at the same time, or own the leftovers.
  }
}

/** Looked at before every write: a link that stands here would lead them out of the store. */
async function makeFolder(path: string): Promise<void> {
  for (;;) {
    try {
      if ((await lstat(path)).isDirectory()) return;
      throw Object.assign(new Error(`${path} is not a folder`), { code: "ENOTDIR" });
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    // Somebody may be quicker, with a folder or with something else.
    await mkdir(path, 0o750).catch((error: unknown) => {
      if (errnoOf(error) !== "EEXIST") throw error;
    });
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
