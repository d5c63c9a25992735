/** What processes have computed so far, as the system counts it. */
import { readFile } from "node:fs/promises";

/** Of the system, which counts in hundredths of a second whatever its own clock does. */
const tickMs = 10;

/**
 * Milliseconds for which the process has computed, of its first thread alone where the system counts in nanoseconds,
 * else in steps of ten; null where it does not tell, or there is no such process.
 */
export async function cpuMsOf(pid: number): Promise<number | null> {
  return (await scheduledMsOf(pid)) ?? (await tickedMsOf(pid));
}

async function scheduledMsOf(pid: number): Promise<number | null> {
  const [ns] = (await procFile(pid, "schedstat"))?.split(" ") ?? [];
  return ns === undefined ? null : finite(Number(ns) / 1e6);
}

async function tickedMsOf(pid: number): Promise<number | null> {
  const stat = await procFile(pid, "stat");
  if (stat === null) return null;
  // The second field is the program's name in parentheses, and may hold any character.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return finite((Number(fields[11]) + Number(fields[12])) * tickMs);
}

async function procFile(pid: number, name: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${String(pid)}/${name}`, "latin1");
  } catch {
    return null;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
