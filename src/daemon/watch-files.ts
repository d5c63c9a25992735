import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { secretsOf } from "./read-config.ts";

/**
 * What tells one state of the configuration's files from another without reading them: its own, the plans, and
 * those that its secrets are kept in. Looking is what works everywhere: file systems over a network and mounts
 * that are swapped as a whole send no notice.
 */
export async function stampOf(config: Config): Promise<string> {
  const { path, plansFolder } = config;
  const plans = await readdir(plansFolder).catch(() => []);
  const secrets = secretsOf(config).flatMap(({ file }) => (file === null ? [] : [file]));
  const files = [path, ...plans.map((name) => join(plansFolder, name)), ...secrets];
  const stamps = await Promise.all(
    [...new Set(files)].toSorted(byName).map(async (file) => {
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
