/** An extension with configuration tables, installed beside the server's own for as long as any test needs it. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const from = join(import.meta.dirname, "extension");
/** One file for each process that needs the extension, named by its pid: test files run side by side. */
const users = join(tmpdir(), "holdfast-corner-extension");

/** Null where this user may not write into the server's folder of extensions. */
export function installOwnExtension(binFolder: string): Disposable | null {
  const share = execFileSync(join(binFolder, "pg_config"), ["--sharedir"], { encoding: "utf8" }).trim();
  const folder = join(share, "extension");
  if (!writable(folder)) return null;
  const files = readdirSync(from);
  mkdirSync(users, { recursive: true });
  const mine = join(users, String(process.pid));
  writeFileSync(mine, "");
  for (const file of files) copyFileSync(join(from, file), join(folder, file));
  return {
    [Symbol.dispose]: () => {
      rmSync(mine, { force: true });
      if (readdirSync(users).some((pid) => isAlive(Number(pid)))) return;
      for (const file of files) rmSync(join(folder, file), { force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
