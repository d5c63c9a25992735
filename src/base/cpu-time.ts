/** What processes have computed so far, as the system counts it. */
import { readFile } from "node:fs/promises";

/** Ticks of CPU time that the process has used; null where the system does not tell, or there is no such process. */
export async function cpuTicksOf(pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, "latin1");
    // The second field is the program's name in parentheses, and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks : null;
  } catch {
    return null;
  }
}
