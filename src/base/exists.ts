import { access, lstat } from "node:fs/promises";

/** Whether there is something at `path` that we can reach; a link counts as what it leads to. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether the name is taken, be it by a link that leads nowhere. */
export async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
