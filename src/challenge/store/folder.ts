/** The files of a directory store, altered behind its back. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ObjectKey, objectKey } from "../../model/ids.ts";

export interface Folder {
  /** Throws where there is no such object: a damage that damages nothing must not pass for one. */
  read(key: ObjectKey): Promise<Buffer>;
  /** Whole and in place of whatever is there. */
  put(key: ObjectKey, bytes: Uint8Array): Promise<void>;
  remove(key: ObjectKey): Promise<void>;
  /** Keys below a prefix that ends with a slash, sorted; none where there is nothing. */
  list(prefix: string): Promise<readonly ObjectKey[]>;
  /** Everything in it is taken away, and what lies in `from` comes in its place. */
  becomes(from: Folder): Promise<void>;
  readonly path: string;
}

export function folderAt(path: string): Folder {
  const at = (key: ObjectKey): string => join(path, key);
  return {
    path,
    read: (key) => readFile(at(key)),
    put: async (key, bytes) => {
      await mkdir(dirname(at(key)), { recursive: true });
      await rm(at(key), { force: true });
      await writeFile(at(key), bytes);
    },
    remove: (key) => rm(at(key)),
    list: async (prefix) => {
      const entries = await readdir(join(path, prefix), { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => objectKey.parse(join(entry.parentPath, entry.name).slice(path.length + 1)))
        .toSorted();
    },
    becomes: async (from) => {
      await rm(path, { recursive: true });
      await cp(from.path, path, { recursive: true });
    },
  };
}

/** Bytes with some of them changed by `alter`, which is given a copy of its own. */
export async function altered(
  folder: Folder,
  key: ObjectKey,
  alter: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  await folder.put(key, alter(await folder.read(key)));
}

/** Two objects take each other's bytes. */
export async function exchanged(folder: Folder, one: ObjectKey, two: ObjectKey): Promise<void> {
  const [first, second] = [await folder.read(one), await folder.read(two)];
  await folder.put(one, second);
  await folder.put(two, first);
}

/** The bit of least weight of one byte; a negative `at` counts from the end. */
export function bitFlipped(bytes: Buffer, at: number): Buffer {
  const where = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(where) ^ 1, where);
  return bytes;
}
