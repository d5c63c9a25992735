/**
 * An extension with configuration tables, beside the server's own for as long as a run of the tests lasts.
 * Before version 18 PostgreSQL looks for extensions in one folder of the machine, which all runs on it
 * share: each run names itself, and the last one that ends takes the files away.
 */
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const from = join(import.meta.dirname, "extension");
const users = join(tmpdir(), "holdfast-corner-extension");

/**
 * Puts the files in place. Does nothing where this user may not write there; root always may, and an
 * error then is one. Disposal takes them away unless another run that lives needs them.
 */
export function installOwnExtension(binFolder: string): Disposable {
  const folder = extensionFolder(binFolder);
  if (!isWritable(folder) && process.getuid?.() !== 0) return { [Symbol.dispose]: () => undefined };
  mkdirSync(users, { recursive: true });
  const mine = join(users, `${String(process.pid)}-${startOf(process.pid) ?? ""}`);
  writeFileSync(mine, "");
  for (const file of readdirSync(from)) {
    // A server may be reading what an earlier run put there.
    const draft = join(folder, `${file}.${String(process.pid)}`);
    copyFileSync(join(from, file), draft);
    renameSync(draft, join(folder, file));
  }
  return {
    [Symbol.dispose]: () => {
      rmSync(mine, { force: true });
      for (const user of readdirSync(users).filter((name) => !isAlive(name)))
        rmSync(join(users, user), { force: true });
      if (readdirSync(users).length > 0) return;
      for (const file of readdirSync(from)) rmSync(join(folder, file), { force: true });
    },
  };
}

/** Whether a server of these programs can create it. */
export function hasOwnExtension(binFolder: string): boolean {
  return readdirSync(from).every((file) => existsSync(join(extensionFolder(binFolder), file)));
}

function extensionFolder(binFolder: string): string {
  const share = execFileSync(join(binFolder, "pg_config"), ["--sharedir"], { encoding: "utf8" }).trim();
  return join(share, "extension");
}

/** A process number is used again; with the start of its process it names one run. */
function isAlive(user: string): boolean {
  const [pid, started] = user.split("-");
  return startOf(Number(pid)) === started;
}

/** Field 22 of `/proc/<pid>/stat`; null when there is no such process. */
function startOf(pid: number): string | null {
  const path = `/proc/${String(pid)}/stat`;
  if (!existsSync(path)) return null;
  const text = readFileSync(path, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
