/** Runs one command as a user would and measures what it takes. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleTree } from "./process-tree.ts";
import { writtenIn } from "./written.ts";

/** What is measured are pipelines of programs, hence a shell's script; names come from the bench alone. */
export interface Command {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Folders whose growth is what the command wrote. */
  readonly writesInto: readonly string[];
  /** Of a command that goes on when what it was run for is there: for how many seconds it did, by what it printed. */
  readonly secondsAfter?: (printed: string) => number;
}

export interface Measurement {
  readonly seconds: number;
  /** User and system time of all its processes, without PostgreSQL servers. */
  readonly cpuSeconds: number;
  /** The largest sum of PSS over its processes that a look every 50 ms saw, without PostgreSQL servers. */
  readonly peakBytes: number;
  readonly writtenBytes: number;
  readonly writtenObjects: number;
  /** Of `seconds`, until what it was run for was there; absent where that is all of them. */
  readonly untilThereSeconds?: number;
}

const lookEveryMs = 50;

/** Throws with what the command said unless it ends with 0. */
export async function measure(command: Command): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-times-"));
  try {
    const times = join(folder, "times");
    const before = writtenIn(command.writesInto);
    const ran = await runTimed(command, times);
    const after = writtenIn(command.writesInto);
    const cpu = (await readFile(times, "utf8")).trim().split(/\s+/).map(Number);
    const cpuSeconds = cpu.reduce((sum, seconds) => sum + seconds, 0) - ran.serverCpuSeconds;
    return {
      seconds: ran.seconds,
      cpuSeconds: Math.max(0, cpuSeconds),
      peakBytes: ran.peakBytes,
      writtenBytes: after.bytes - before.bytes,
      writtenObjects: after.objects - before.objects,
      ...(command.secondsAfter === undefined
        ? {}
        : { untilThereSeconds: ran.seconds - command.secondsAfter(ran.printed) }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ran {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly serverCpuSeconds: number;
  readonly printed: string;
}

async function runTimed(command: Command, times: string): Promise<Ran> {
  // `time` tells the CPU of every process that was waited for; its line goes to a file of its own.
  const script = `set -eo pipefail; TIMEFORMAT='%U %S'; exec 3>&2; { time { ${command.script}\n} 2>&3; } 2>"$HOLDFAST_BENCH_TIMES"`;
  const started = performance.now();
  const child = spawn("bash", ["-c", script], {
    env: { ...process.env, ...command.environment, HOLDFAST_BENCH_TIMES: times },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => output.push(part));
  const complaints: Buffer[] = [];
  child.stderr.on("data", (part: Buffer) => complaints.push(part));
  let peakBytes = 0;
  let serverCpuSeconds = 0;
  const looking = setInterval(() => {
    if (child.pid === undefined) return;
    const sample = sampleTree(child.pid);
    peakBytes = Math.max(peakBytes, sample.memoryBytes);
    serverCpuSeconds = Math.max(serverCpuSeconds, sample.serverCpuSeconds);
  }, lookEveryMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) {
      // A command that found fault says so on its standard output, and little on the other.
      const said = Buffer.concat([...output, ...complaints])
        .toString("utf8")
        .slice(-4_000);
      throw new Error(`ended with ${String(code)}: ${command.script}\n${said}`);
    }
    return { seconds, peakBytes, serverCpuSeconds, printed: Buffer.concat(output).toString("utf8") };
  } finally {
    clearInterval(looking);
  }
}
