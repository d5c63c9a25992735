/**
 * Whose server is it? Each server's folder has a note beside it that names the process that owns it;
 * a server whose owner is gone is ended and wiped by whoever starts the next one in the same root.
 */
import { readFileSync, readlinkSync, rmSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { endOrphans } from "./orphans.ts";

const note = z.object({
  owner: z.object({ pid: z.int().positive(), started: z.string() }),
  /** `null` while it is being made. */
  server: z.object({ pid: z.int().positive(), started: z.string() }).nullable(),
  socketFolder: z.string().nullable(),
  boot: z.string(),
  pidNamespace: z.string(),
});
type Note = z.infer<typeof note>;

/** A process number is used again; together with its start it names one process of one boot. */
const noteOf = (folder: string): string => `${folder}.json`;

export async function nameOwner(
  folder: string,
  { serverPid, socketFolder }: { readonly serverPid: number | null; readonly socketFolder: string | null },
): Promise<void> {
  const text: Note = {
    owner: { pid: process.pid, started: startOf(process.pid) ?? "" },
    server: serverPid === null ? null : { pid: serverPid, started: startOf(serverPid) ?? "" },
    socketFolder,
    ...thisMachine(),
  };
  await writeFile(`${noteOf(folder)}.draft`, JSON.stringify(text), { mode: 0o600 });
  await rename(`${noteOf(folder)}.draft`, noteOf(folder));
}

/** After the folder has been wiped. */
export function forget(folder: string): void {
  rmSync(noteOf(folder), { force: true });
}

/** Ends the servers in `root` whose owners are gone and wipes their folders. Leaves everything else alone. */
export async function wipeLeftovers(root: string): Promise<void> {
  const names = await readdir(root);
  for (const name of names.filter((entry) => entry.startsWith("server-") && entry.endsWith(".json"))) {
    const path = join(root, name);
    const read = await readFile(path, "utf8").catch(() => null);
    const parsed = read === null ? null : note.safeParse(json(read));
    if (parsed === null || !parsed.success || (await isOwned(parsed.data))) continue;
    const folder = path.slice(0, -".json".length);
    await end(parsed.data);
    await endOrphans(join(folder, "data"));
    // Wiped before the note goes, so that a crash here is made good by the next start.
    await rm(folder, { recursive: true, force: true });
    const { socketFolder } = parsed.data;
    if (socketFolder !== null && /\/hf-[^/]+$/.test(socketFolder))
      await rm(socketFolder, { recursive: true, force: true });
    await rm(path, { force: true });
  }
}

async function isOwned(found: Note): Promise<boolean> {
  const here = thisMachine();
  // A host that tells nothing of itself, be it for want of file descriptors, is no reason to end anybody's server.
  if (here.boot === "" && found.boot !== "") return true;
  if (found.boot !== here.boot) return false;
  // Another container's process numbers mean nothing here; a server that answers is in use.
  if (found.pidNamespace !== here.pidNamespace)
    return found.socketFolder === null || answers(join(found.socketFolder, ".s.PGSQL.5432"));
  try {
    return startOf(found.owner.pid) === found.owner.started;
  } catch {
    return true;
  }
}

/** Whether somebody listens on a socket, as far as one can ask: only the socket itself may say that nobody does. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket);
    client.once("connect", () => {
      client.destroy();
      resolve(true);
    });
    client.once("error", ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT");
    });
  });
}

const endPolls = 100;

async function end(found: Note): Promise<void> {
  const here = thisMachine();
  const { server } = found;
  if (server === null || found.boot !== here.boot || found.pidNamespace !== here.pidNamespace) return;
  const runs = (): boolean => startOf(server.pid) === server.started;
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    if (!runs()) return;
    process.kill(server.pid, signal);
    for (let poll = 0; poll < endPolls && runs(); poll += 1) await sleep(50);
  }
}

function thisMachine(): { readonly boot: string; readonly pidNamespace: string } {
  return {
    boot: read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: read(() => readlinkSync("/proc/self/ns/pid")),
  };
}

/**
 * Field 22 of `/proc/<pid>/stat`: clock ticks since boot. `null` when there is no such process, or it is a zombie. Throws
 * where that cannot be known: without file descriptors left to ask, everybody would seem to be gone.
 */
function startOf(pid: number): string | null {
  const text = statOf(pid);
  if (text === null) return null;
  // The name of the program comes second, in parentheses, and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

function statOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return null;
    throw error;
  }
}

function read(from: () => string): string {
  try {
    return from();
  } catch {
    return "";
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
