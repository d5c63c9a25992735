/** How the program is started, as its own first line has it started wherever it is installed. */
import { copyFileSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const main = resolve(import.meta.dirname, "../src/main.ts");

const settings = /^#!\/usr\/bin\/env -S (.*) node\n/.exec(readFileSync(main, "utf8"))?.[1] ?? "";

/** For a shell that knows where `NODE` and `CONFIG` are. */
export function started(words: string): string {
  return `${settings} "$NODE" ${main} --config "$CONFIG" ${words}`;
}

/**
 * A runtime that nothing else on the machine runs. Memory that programs share counts for each of them in part,
 * and a bench that runs on the same file would take 30 MB off the figures.
 */
export function ownRuntime(folder: string): string {
  const own = join(folder, "node");
  copyFileSync(process.execPath, own);
  return own;
}
