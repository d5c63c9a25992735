/** The package as npm would install it: what `npm run build` makes, beside the files that `package.json` names. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

const project = resolve(import.meta.dirname, "../..");

/** Built into `folder`, which must not exist yet; returns its program. */
export function installed(folder: string): string {
  mkdirSync(folder);
  const dist = join(folder, "dist");
  execFileSync(process.execPath, [join(project, "scripts", "build.ts"), "--out", dist], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (const part of ["package.json", "plans"])
    cpSync(join(project, part), join(folder, part), { recursive: true });
  symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
  return join(dist, "main.js");
}
