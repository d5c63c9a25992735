import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Of the Holdfast whose package lies in this folder. */
export function versionIn(packageFolder: string): string {
  const text = readFileSync(join(packageFolder, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
