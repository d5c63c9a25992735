import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What `postmaster.pid` in a data folder says, be the server alive or not. */
export interface Postmaster {
  readonly pid: number;
  /** The folder of its socket; empty while it is just starting. */
  readonly socketFolder: string;
}

/** Null when there is no such file, or its first line is no number yet. */
export async function readPostmaster(data: string): Promise<Postmaster | null> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  // Lines: process, data folder, start, port, folder of the socket, TCP address, shared memory, state.
  const [first = "", , , , socketFolder = ""] = text.split("\n").map((line) => line.trim());
  const pid = Number(first);
  return Number.isInteger(pid) && pid > 0 ? { pid, socketFolder } : null;
}

/**
 * Whether the process is a PostgreSQL server on that very data folder. A process number is used again, after
 * a reboot of a container likely by a process of the same user; PostgreSQL would take that for a server.
 */
export async function isServerOf(data: string, pid: number): Promise<boolean> {
  const words = (await readFile(`/proc/${String(pid)}/cmdline`, "utf8").catch(() => "")).split("\0");
  return (words[0] ?? "").endsWith("postgres") && words.includes(data);
}
