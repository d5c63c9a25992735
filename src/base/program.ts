import type { ChildProcess } from "node:child_process";
import { Readable } from "node:stream";
import { execa, ExecaError } from "execa";
import { Failure } from "./failure.ts";
import { abortFailure, type Waiting } from "./waiting.ts";

export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment of the program beside PATH and the C locale; credentials go here, never into `args`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly cwd?: string;
  /** Run as this user and group, which only root may. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface ProgramResult {
  readonly stdout: Buffer;
  readonly stderr: string;
}

const stdoutBytesMax = 256_000_000;
const stderrBytesMax = 1_000_000;

/** Runs a program to its end and returns what it printed; throws "program/failed" unless it exits 0. */
export async function run(call: ProgramCall, wait: Waiting): Promise<ProgramResult> {
  try {
    const child = execa(call.file, call.args, { ...settings(call, wait), encoding: "buffer" });
    endsWithUs(child);
    const done = await child;
    return { stdout: Buffer.from(done.stdout), stderr: Buffer.from(done.stderr).toString("utf8") };
  } catch (error) {
    throw programFailure(call, error, wait);
  }
}

/**
 * A program's standard output as a stream that *ends only if the program exits 0*:
 * whoever reads it to its end knows that the program ended well.
 * `stderr` resolves with all the program said, once it has ended, however it ended.
 */
export function pour(
  call: ProgramCall,
  wait: Waiting,
): {
  readonly output: AsyncIterable<Buffer>;
  readonly stderr: Promise<string>;
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
} {
  const child = execa(call.file, call.args, {
    ...settings(call, wait),
    encoding: "buffer",
    buffer: { stdout: false, stderr: true },
  });
  endsWithUs(child);
  const ended = child.then(
    (done) => ({ stderr: Buffer.from(done.stderr).toString("utf8"), failure: undefined }),
    (error: unknown) => ({ stderr: stderrOf(error), failure: programFailure(call, error, wait) }),
  );
  async function* output(): AsyncGenerator<Buffer> {
    try {
      for await (const part of child.iterable({ binary: true, preserveNewlines: true }))
        yield Buffer.from(part);
    } catch (error) {
      const { failure } = await ended;
      throw failure ?? error;
    }
    const { failure } = await ended;
    if (failure !== undefined) throw failure;
  }
  return { output: output(), stderr: ended.then((end) => end.stderr), pid: child.pid };
}

/** A program that runs, in a group of its own. */
interface Running {
  /** Undefined where it could not be started. */
  readonly pid?: number;
  kill(): boolean;
  readonly nodeChildProcess: Pick<ChildProcess, "once">;
}

const running = new Set<Running>();

/**
 * However we end, at a second Ctrl-C too: a pg_dump that is left behind keeps its locks, and initdb writes where others
 * begin anew. The library's own way would add listeners to signals that we heed ourselves.
 */
process.once("exit", () => {
  for (const child of running) child.kill();
});

function endsWithUs(child: Running): void {
  if (child.pid === undefined) return;
  running.add(child);
  child.nodeChildProcess.once("exit", () => running.delete(child));
}

function settings(call: ProgramCall, wait: Waiting) {
  const { input } = call;
  return {
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...call.env },
    extendEnv: false,
    // A Ctrl-C goes to all that belongs to the terminal, and a supervisor may signal a whole group: what runs for a job
    // that is let end is ours to end, with all that it started.
    detached: true,
    killDescendants: true,
    cancelSignal: wait.signal,
    maxBuffer: { stdout: stdoutBytesMax, stderr: stderrBytesMax },
    stripFinalNewline: false,
    input:
      input === undefined ? new Uint8Array() : input instanceof Uint8Array ? input : Readable.from(input),
    ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    ...(call.as === undefined ? {} : { uid: call.as.uid, gid: call.as.gid }),
  };
}

function stderrOf(error: unknown): string {
  if (!(error instanceof ExecaError)) return "";
  const stderr: unknown = error.stderr;
  return stderr instanceof Uint8Array ? Buffer.from(stderr).toString("utf8") : "";
}

function programFailure(call: ProgramCall, error: unknown, wait: Waiting): Failure {
  if (wait.signal.aborted) return abortFailure(wait.signal);
  if (!(error instanceof ExecaError))
    return new Failure("program/failed", `run ${call.file}`, { cause: error });
  if (error.code === "ENOENT")
    return new Failure("program/missing", `${call.file} was not found`, { cause: error });
  if (error.exitCode === undefined && error.signal === undefined) return notStarted(call, error);
  const said = stderrOf(error).trim().split("\n").slice(-5).join("; ");
  const how = error.signal === undefined ? `exit code ${String(error.exitCode)}` : `signal ${error.signal}`;
  return new Failure("program/failed", `${call.file} ended with ${how}${said === "" ? "" : `: ${said}`}`, {
    cause: error,
  });
}

/** It did not come to run: what is lacking says nothing about the program, nor about what it was to find out. */
function notStarted(call: ProgramCall, error: ExecaError): Failure {
  const code = error.code ?? "";
  const lacking = lackOf[code];
  const failure = `${call.file} could not be started: ${lacking?.what ?? error.originalMessage ?? code}`;
  if (lacking === undefined) return new Failure("program/failed", failure, { cause: error });
  return new Failure("program/unstarted", failure, { cause: error, hint: lacking.hint });
}

const processes = "allow the user of holdfast more processes (ulimit -u, TasksMax), or do less at once";
const files = "allow holdfast more open files (ulimit -n, LimitNOFILE); 256 are enough for most";

/** What a host may lack for a moment or by its limits. */
const lackOf: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  EAGAIN: { what: "there are too many processes (EAGAIN)", hint: processes },
  ENOMEM: { what: "there is not enough memory (ENOMEM)", hint: "give holdfast more memory" },
  EMFILE: { what: "too many files are open (EMFILE)", hint: files },
  ENFILE: { what: "too many files are open on this host (ENFILE)", hint: "raise fs.file-max" },
};
