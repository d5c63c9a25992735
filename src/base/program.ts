import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure, reasonOf } from "./failure.ts";
import { abortFailure, stillWaiting, type Waiting } from "./waiting.ts";

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
/** So long a program has to clean up once it was asked to end. */
const lingerMs = 5_000;

/** Runs a program to its end and returns what it printed; throws "program/failed" unless it exits 0. */
export async function run(call: ProgramCall, wait: Waiting): Promise<ProgramResult> {
  const running = start(call, wait);
  const [stdout, end] = await Promise.all([
    gathered(running.child.stdout, stdoutBytesMax, running.stop),
    running.end,
  ]);
  if (end.failure !== null) throw end.failure;
  return { stdout, stderr: end.stderr };
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
  const { child, end } = start(call, wait);
  async function* output(): AsyncGenerator<Buffer> {
    try {
      yield* partsOf(child.stdout);
    } catch (error) {
      const { failure } = await end;
      throw failure ?? error;
    }
    const { failure } = await end;
    if (failure !== null) throw failure;
  }
  return { output: output(), stderr: end.then(({ stderr }) => stderr), pid: child.pid };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Running {
  readonly child: Child;
  /** Once it has ended and all its output has been taken; never rejects. */
  readonly end: Promise<End>;
  /** Ends it, with this reason. */
  readonly stop: (failure: Failure) => void;
}

interface End {
  readonly stderr: string;
  readonly failure: Failure | null;
}

function start(call: ProgramCall, wait: Waiting): Running {
  stillWaiting(wait);
  const { file, args, cwd, as, env } = call;
  const child = spawn(file, [...args], {
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
  });
  let stopped: Failure | null = null;
  let lingering: NodeJS.Timeout | undefined;
  const stop = (failure: Failure): void => {
    stopped ??= failure;
    child.kill();
    lingering ??= setTimeout(() => {
      child.kill("SIGKILL");
      // Others that it began may hold its output open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, lingerMs);
  };
  const onAbort = (): void => {
    stop(abortFailure(wait.signal));
  };
  wait.signal.addEventListener("abort", onAbort, { once: true });
  children.add(child);
  const closed = whenClosed(child).finally(() => {
    children.delete(child);
    clearTimeout(lingering);
    wait.signal.removeEventListener("abort", onAbort);
  });
  const feeding = feed(child, call.input);
  const said = gathered(child.stderr, stderrBytesMax, stop);
  const end = (async (): Promise<End> => {
    const [how, stderr, fed] = await Promise.all([closed, said, feeding]);
    const text = stderr.toString("utf8");
    return { stderr: text, failure: stopped ?? fed ?? failureOf(file, how, text) };
  })();
  return { child, end, stop };
}

/** What still runs when this process ends is ended as well. */
const children = new Set<Child>();
process.on("exit", () => {
  for (const child of children) child.kill();
});

interface Close {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error: Error | null;
}

async function whenClosed(child: Child): Promise<Close> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      // That it could not be told to end is no end.
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once("close", (code, signal) => {
      resolve({ code, signal, error: null });
    });
  });
}

/** Why the input could not be made; null where it was given, or where the program did not want all of it. */
async function feed({ stdin }: Child, input: ProgramCall["input"]): Promise<Failure | null> {
  let made: { readonly error: unknown } | null = null;
  async function* parts(): AsyncGenerator<Uint8Array> {
    try {
      if (input instanceof Uint8Array) yield input;
      else if (input !== undefined) yield* input;
    } catch (error) {
      made = { error };
      throw error;
    }
  }
  await pipeline(parts, stdin).catch(() => undefined);
  return failedInput(made);
}

function failedInput(made: { readonly error: unknown } | null): Failure | null {
  if (made === null) return null;
  return new Failure("program/failed", `the input of a program could not be made: ${reasonOf(made.error)}`, {
    cause: made.error,
  });
}

/** All that a stream gives; more than `bytesMax` ends the program. What breaks the stream is told by how the program ended. */
async function gathered(
  stream: Readable,
  bytesMax: number,
  stop: (failure: Failure) => void,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of partsOf(stream)) {
      bytes += part.length;
      if (bytes > bytesMax)
        stop(new Failure("program/failed", `it printed more than ${String(bytesMax)} bytes`));
      else parts.push(part);
    }
  } catch {
    // Cut off: the program ends by that, or was ended.
  }
  return Buffer.concat(parts);
}

async function* partsOf(stream: Readable): AsyncGenerator<Buffer> {
  for await (const part of stream) if (Buffer.isBuffer(part)) yield part;
}

function failureOf(file: string, { code, signal, error }: Close, stderr: string): Failure | null {
  if (error !== null) {
    return "code" in error && error.code === "ENOENT"
      ? new Failure("program/missing", `${file} was not found`, { cause: error })
      : new Failure("program/failed", `run ${file}: ${error.message}`, { cause: error });
  }
  if (code === 0) return null;
  const said = stderr.trim().split("\n").slice(-5).join("; ");
  const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
  return new Failure("program/failed", `${file} ended with ${how}${said === "" ? "" : `: ${said}`}`);
}
