/** An extension with configuration tables, installed beside the server's own for as long as a test needs it. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const from = join(import.meta.dirname, "extension");

/** Null where this user may not write into the server's folder of extensions. */
export function installOwnExtension(binFolder: string): Disposable | null {
  const share = execFileSync(join(binFolder, "pg_config"), ["--sharedir"], { encoding: "utf8" }).trim();
  const folder = join(share, "extension");
  if (!writable(folder)) return null;
  const files = readdirSync(from);
  for (const file of files) copyFileSync(join(from, file), join(folder, file));
  return {
    [Symbol.dispose]: () => {
      for (const file of files) rmSync(join(folder, file), { force: true });
    },
  };
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
