import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const looksMax = 100;
const lookEveryMs = 50;

/**
 * Ends what is left of a server whose first process was killed. Its other processes end when they next wait for
 * something, and a tenant's function that loops waits for nothing: it would compute for ever, in files that nobody
 * sees any more. They are known by their working directory, the folder of the server's data. Never throws.
 */
export async function endOrphans(data: string): Promise<void> {
  const folder = await realpath(data).catch(() => null);
  if (folder === null) return;
  for (let look = 0; look < looksMax; look += 1) {
    const orphans = await processesIn(folder);
    if (orphans.length === 0) return;
    for (const pid of orphans) kill(pid);
    await sleep(lookEveryMs);
  }
}

/** Those that we may see; none where the system does not tell. Somebody may look around in the folder with a shell. */
async function processesIn(folder: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const place = await readlink(join("/proc", name, "cwd")).catch(() => null);
      if (place !== folder) return null;
      const program = await readFile(join("/proc", name, "comm"), "utf8").catch(() => "");
      return program.trim() === "postgres" ? Number(name) : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, or is not ours to end.
  }
}
