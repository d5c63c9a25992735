import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Written {
  readonly bytes: number;
  readonly objects: number;
}

/** Bytes and number of the files in folders. */
export function writtenIn(folders: readonly string[]): Written {
  const sizes = folders.flatMap(filesOf).map((path) => statSync(path).size);
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), objects: sizes.length };
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
