/** The program as users have it, and how it is started: as its own first line has it started wherever it is installed. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installed } from "../test/support/installed.ts";

/** The program as npm would install it, built into a part of the bench's `folder` unless it is there already. */
export function installedIn(folder: string): string {
  const own = join(folder, "program");
  const main = join(own, "dist", "main.js");
  return existsSync(main) ? main : installed(own);
}

/** Starts what `installedIn` made, for a shell that knows where `NODE` and `CONFIG` are. */
export function started(main: string, words: string): string {
  const settings = /^#!\/usr\/bin\/env -S (.*) node\n/.exec(readFileSync(main, "utf8"))?.[1] ?? "";
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
