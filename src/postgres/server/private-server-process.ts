import { spawn, type ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";
import { exists } from "../../base/exists.ts";
import { Failure } from "../../base/failure.ts";
import { abortFailure, orAbort, pause, stillWaiting, type Waiting } from "../../base/waiting.ts";

interface Launch {
  readonly argv: readonly string[];
  /** Where it works. */
  readonly folder: string;
  /** What gets its output. */
  readonly log: string;
  /** For one that is to outlive us, and runs as another user where we are root. */
  readonly outliving?: { readonly runAs: { readonly uid: number; readonly gid: number } | undefined };
}

/** A server that was started, whether or not it still runs. */
export interface Launched {
  readonly child: ChildProcess;
  readonly log: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts the server's command line with its output in `log`; rejects when it cannot be executed. It has a session of its
 * own, so that no signal of our terminal or of our group reaches it: who works with it may be let end. One that is
 * `outliving` does not keep us from ending.
 */
export async function launch({ argv, folder, log, outliving }: Launch): Promise<Launched> {
  const [file = "", ...args] = argv;
  // The log stays ours: the server writes to it but cannot open it.
  await using output = await open(log, "w", 0o600);
  const child = spawn(file, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", output.fd, output.fd],
    detached: true,
    ...outliving?.runAs,
  });
  if (outliving !== undefined) child.unref();
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return { child, log, ended };
}

/** Settings as the server takes them on its command line. */
export function settingArguments(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

export function pidOf({ child }: Launched): number {
  return child.pid ?? 0;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Ends the process and waits for it. */
export async function stop({ child, ended }: Launched): Promise<void> {
  // Fast, immediate, then the kernel's way; nothing in the server is worth waiting for.
  for (const [signal, limitMs] of [
    ["SIGINT", 4000],
    ["SIGQUIT", 6000],
    ["SIGKILL", 10_000],
  ] as const) {
    if (hasEnded(child)) return;
    child.kill(signal);
    const limit = new AbortController();
    await Promise.race([ended, pause(limitMs, limit).catch(() => undefined)]);
    // A pause that is left running keeps the whole program from its end.
    limit.abort();
  }
}

/** Waits until the socket is there; "scratch/start" when the server ends before. */
export async function answering(socket: string, { child, log }: Launched, wait: Waiting): Promise<void> {
  while (!(await exists(socket))) {
    if (hasEnded(child)) throw new Failure("scratch/start", `PostgreSQL ended at once: ${await tail(log)}`);
    stillWaiting(wait);
    await pause(15, wait);
  }
}

/**
 * Repeats `work` until the server takes connections; "scratch/start" when it ends or refuses. One that takes them and
 * then hangs is waited for no longer than anything else.
 */
export async function ready(
  work: () => Promise<void>,
  { child, log }: Launched,
  wait: Waiting,
): Promise<void> {
  for (;;) {
    try {
      await orAbort(work(), wait);
      return;
    } catch (error) {
      if (wait.signal.aborted) throw abortFailure(wait.signal);
      if (hasEnded(child))
        throw new Failure("scratch/start", `PostgreSQL ended at once: ${await tail(log)}`, { cause: error });
      if (!isStarting(error))
        throw new Failure("scratch/start", `PostgreSQL does not answer: ${await tail(log)}`, {
          cause: error,
        });
      await pause(25, wait);
    }
  }
}

/** 57P03: the server is up but not ready yet; a refused socket is about to be listened on. */
function isStarting(error: unknown): boolean {
  const code: unknown =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "57P03" || code === "ECONNREFUSED" || code === "ENOENT";
}

async function tail(log: string): Promise<string> {
  await using file = await open(log, "r");
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2000), 0, 2000, Math.max(0, size - 2000));
  return buffer.toString("utf8", 0, bytesRead).trim().split("\n").slice(-6).join("; ");
}
