import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Has Node keep what it compiles in the user's own folder for caches, since compiling takes longer than much of
 * what the program does. What lies there is run, so a folder that anybody else could write to is not used, and
 * Node's own default, which lies in the shared temporary folder, never is. `NODE_COMPILE_CACHE` in `env` says
 * otherwise. Threads are told by that variable. Never fails: without it the program only starts more slowly.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  if (env["NODE_COMPILE_CACHE"] !== undefined) return;
  const folder = folderOfUser(env);
  if (folder === null || !isOurs(folder)) return;
  const { directory } = enableCompileCache(folder);
  if (directory !== undefined) env["NODE_COMPILE_CACHE"] = folder;
}

function folderOfUser(env: NodeJS.ProcessEnv): string | null {
  const caches = env["XDG_CACHE_HOME"];
  if (caches !== undefined && isAbsolute(caches)) return join(caches, "holdfast");
  try {
    return join(homedir(), ".cache", "holdfast");
  } catch {
    // A user without an entry in the system's list has no home.
    return null;
  }
}

/** Made where there is none. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
