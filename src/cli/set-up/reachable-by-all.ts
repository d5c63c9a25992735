import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether everyone may pass through the folder and all above it: the scratch user has to, and who would read a key. */
export async function reachableByAll(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
