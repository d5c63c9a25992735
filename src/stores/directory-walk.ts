import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import { objectKey, type ObjectKey } from "../model/ids.ts";
import { errnoOf } from "./directory-failure.ts";
import type { ObjectStat } from "./store.ts";

interface Walk {
  readonly root: string;
  readonly prefix: string;
  /** Only keys behind this one; the empty text comes before all. */
  readonly after: string;
}

/** Files asked for their size at once. */
const statsAtOnce = 32;

/**
 * The objects under `root` whose key starts with `prefix`, in byte order of the key. One folder's
 * names are held at a time on each level. Symbolic links, folders and files whose name starts with
 * a dot, and names that are no object keys are passed over; what vanishes meanwhile is absent.
 */
export async function* walk(of: Walk, wait: Waiting): AsyncGenerator<ObjectStat> {
  const folder = of.prefix.slice(0, Math.max(0, of.prefix.lastIndexOf("/")));
  if (folder !== "" && !objectKey.safeParse(folder).success) return;
  if (folder !== "" && !(await isPlainPath(of.root, folder))) return;
  yield* walkFolder(of, folder, wait);
}

async function* walkFolder(of: Walk, folder: string, wait: Waiting): AsyncGenerator<ObjectStat> {
  let files: ObjectKey[] = [];
  for (const { key, isFolder } of await entriesOf(of, folder)) {
    if (!isFolder) files.push(key);
    if (isFolder || files.length === statsAtOnce) {
      stillWaiting(wait);
      yield* await statsOf(of.root, files);
      files = [];
    }
    if (isFolder) yield* walkFolder(of, key, wait);
  }
  stillWaiting(wait);
  yield* await statsOf(of.root, files);
}

async function entriesOf(of: Walk, folder: string): Promise<{ key: ObjectKey; isFolder: boolean }[]> {
  const found = await namesIn(join(of.root, folder));
  return found
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => ({
      entry,
      parsed: objectKey.safeParse(folder === "" ? entry.name : `${folder}/${entry.name}`),
    }))
    .flatMap(({ entry, parsed }) =>
      parsed.success ? [{ key: parsed.data, isFolder: entry.isDirectory() }] : [],
    )
    .filter(({ key, isFolder }) =>
      isFolder ? mayHold(of, `${key}/`) : key.startsWith(of.prefix) && key > of.after,
    )
    .toSorted((one, other) => (sortName(one) < sortName(other) ? -1 : 1));
}

/** A folder sorts as its keys do, which go on with a slash: `a-b` comes before `a/b`. */
function sortName(entry: { readonly key: string; readonly isFolder: boolean }): string {
  return entry.isFolder ? `${entry.key}/` : entry.key;
}

function mayHold({ prefix, after }: Walk, folder: string): boolean {
  const fits = folder.startsWith(prefix) || prefix.startsWith(folder);
  return fits && (folder > after || after.startsWith(folder));
}

async function namesIn(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function statsOf(root: string, keys: readonly ObjectKey[]): Promise<ObjectStat[]> {
  const stats = await Promise.all(keys.map((key) => statOf(root, key)));
  return stats.filter((stat) => stat !== null);
}

/** `null` when there is no such file, or when it is something else than a plain file. */
async function statOf(root: string, key: ObjectKey): Promise<ObjectStat | null> {
  try {
    const found = await lstat(join(root, key));
    return found.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime } : null;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Whether every folder on the way is a folder of this store, and none a link that leads elsewhere. */
async function isPlainPath(root: string, folder: string): Promise<boolean> {
  let path = root;
  for (const segment of folder.split("/")) {
    path = join(path, segment);
    try {
      if (!(await lstat(path)).isDirectory()) return false;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  }
  return true;
}
