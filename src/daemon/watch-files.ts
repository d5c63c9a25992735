import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";

/**
 * What tells one state of the configuration's files from another without reading them. Looking is what works
 * everywhere: file systems over a network and mounts that are swapped as a whole send no notice.
 */
export async function stampOf({ path, plansFolder }: Config): Promise<string> {
  const plans = await readdir(plansFolder).catch(() => []);
  const files = [path, ...plans.toSorted(byName).map((name) => join(plansFolder, name))];
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => null);
      return found === null
        ? `${file} absent`
        : `${file} ${String(found.ino)} ${String(found.size)} ${String(found.mtimeMs)}`;
    }),
  );
  return stamps.join("\n");
}

function byName(one: string, other: string): number {
  return one < other ? -1 : 1;
}
