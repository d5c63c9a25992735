import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "./exists.ts";

/**
 * Makes a folder and those above it that are not there; `mode` is theirs. One that is there stays as it is. Throws the
 * system's error. The runtime's own recursive call goes round for ever where the system says ENOENT of a new folder
 * though the one above it is there, as it does below /proc and below mounts that are made when they are asked for.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (error.code === "EEXIST" && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (error.code !== "ENOENT" || above === path || (await exists(above))) throw error;
    await makeFolder(above, mode);
    await makeFolder(path, mode);
  }
}
