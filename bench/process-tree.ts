/** A look at a process and all that it started, by /proc. */
import { readdirSync, readFileSync } from "node:fs";

export interface TreeSample {
  /** Proportional set size: memory shared by several processes counts once. Without PostgreSQL servers. */
  readonly memoryBytes: number;
  /** CPU that PostgreSQL servers inside of the tree have used, in seconds; they are the database, not the program. */
  readonly serverCpuSeconds: number;
}

interface Status {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;

export function sampleTree(root: number): TreeSample {
  const all = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => statusOf(Number(entry)));
  const tree = descendants(root, all);
  const servers = tree.filter(isServer);
  const topServers = servers.filter((one) => !servers.some((other) => other.pid === one.parent));
  return {
    memoryBytes: sum(tree.filter((one) => !isServer(one)).map((one) => memoryOf(one.pid))),
    serverCpuSeconds:
      sum(servers.map((one) => one.cpuSeconds)) + sum(topServers.map((one) => reapedCpu(one.pid))),
  };
}

function isServer(status: Status): boolean {
  return status.name === "postgres";
}

function descendants(root: number, all: readonly Status[]): Status[] {
  const byParent = Map.groupBy(all, (one) => one.parent);
  const found: Status[] = all.filter((one) => one.pid === root);
  // The list grows while it is walked, which is what makes this reach every generation.
  for (const one of found) found.push(...(byParent.get(one.pid) ?? []));
  return found;
}

/** Empty when the process has ended meanwhile. */
function statusOf(pid: number): Status[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const close = text.lastIndexOf(")");
    const fields = text
      .slice(close + 2)
      .split(" ")
      .map(Number);
    const name = text.slice(text.indexOf("(") + 1, close);
    return [
      {
        pid,
        parent: fields[1] ?? 0,
        name,
        cpuSeconds: ((fields[11] ?? 0) + (fields[12] ?? 0)) / ticksPerSecond,
      },
    ];
  } catch {
    return [];
  }
}

/** CPU of the children that the process has waited for. */
function reapedCpu(pid: number): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    return ((fields[13] ?? 0) + (fields[14] ?? 0)) / ticksPerSecond;
  } catch {
    return 0;
  }
}

function memoryOf(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
