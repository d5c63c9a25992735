import { existsSync, lstatSync, mkdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";

/**
 * Has Node keep what it compiles in the user's own folder for caches, since compiling takes longer than much of
 * what the program does. What lies there is run, and is opened by its path until the program ends, so a folder
 * that anybody else could write to, or exchange for another, is not used. Root keeps nothing in another's home,
 * which would then hold folders that its owner cannot use. Node's own default, which lies in the shared temporary
 * folder, never is used. `NODE_COMPILE_CACHE` in `env` says otherwise. Threads are told by that variable. Never
 * fails: without it the program only starts more slowly.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  if (env["NODE_COMPILE_CACHE"] !== undefined) return;
  const folder = folderOfUser(env);
  if (folder === null) return;
  const { directory } = enableCompileCache(folder);
  if (directory !== undefined) env["NODE_COMPILE_CACHE"] = folder;
}

function folderOfUser(env: NodeJS.ProcessEnv): string | null {
  const caches = env["XDG_CACHE_HOME"];
  try {
    if (caches !== undefined && isAbsolute(caches)) return made(join(caches, "holdfast"));
    // A user without an entry in the system's list has no home.
    const home = homedir();
    return isAbsolute(home) && isOurs(statSync(home)) ? made(join(home, ".cache", "holdfast")) : null;
  } catch {
    return null;
  }
}

/** Where it really lies, made if it is not there; null when anybody else could put something in its place. */
function made(folder: string): string | null {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  // Links on the way are followed once, and not used any more.
  const real = realpathSync(there);
  if (!isOurs(lstatSync(real)) || isOpen(lstatSync(real)) || !isSafeAbove(real)) return null;
  const own = join(real, relative(there, folder));
  makeBelow(real, own);
  return lstatSync(folder).isDirectory() ? own : null;
}

/** One by one: the runtime's own recursive call goes round for ever below /proc (see `makeFolder`). */
function makeBelow(there: string, folder: string): void {
  if (folder === there) return;
  makeBelow(there, dirname(folder));
  if (!existsSync(folder)) mkdirSync(folder, 0o700);
}

/** What is in a folder can be renamed by the folder's owner, and by whoever may write to it unless that has the sticky bit. */
function isSafeAbove(path: string): boolean {
  const above = dirname(path);
  if (above === path) return true;
  const found = lstatSync(above);
  const isKept = !isOpen(found) || (found.mode & 0o1000) !== 0;
  return isKept && (found.uid === 0 || isOurs(found)) && isSafeAbove(above);
}

function isOurs({ uid }: Stats): boolean {
  return uid === process.getuid?.();
}

function isOpen({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0;
}
