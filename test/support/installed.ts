/** The package as npm would install it: what `npm run build` makes, beside the files that `package.json` names. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { z } from "zod";

const project = resolve(import.meta.dirname, "../..");

/** Where the program's first line finds this runtime: it is started by its own path, as `bin` is. */
export const runtimePath = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Built into `folder`, which must not exist yet; returns its program. */
export function installed(folder: string): string {
  mkdirSync(folder);
  const dist = join(folder, "dist");
  execFileSync(process.execPath, [join(project, "scripts", "build.ts"), "--out", dist], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (const part of ["package.json", "plans"])
    cpSync(join(project, part), join(folder, part), { recursive: true });
  // Only what users get as well. What these packages need in turn they find where they really lie.
  const { dependencies } = manifest.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(project, "node_modules", name), link);
  }
  return join(dist, "main.js");
}
