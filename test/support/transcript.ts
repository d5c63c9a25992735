/** Runs `holdfast` as its users do, in a process of its own, and keeps what it said. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { runtimePath } from "./installed.ts";

export interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Of an installed package, started by its first line; the checkout's when left out. */
  readonly program?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaced in the output, so that a transcript is the same on every machine: text by name. */
  readonly hide?: Readonly<Record<string, string>>;
  /** Called once the program has said this on standard error. */
  readonly onSaid?: { readonly text: string; readonly act: (pid: number) => void };
}

const main = resolve(import.meta.dirname, "../../src/main.ts");

/** `args` as they would stand on the command line; no shell in between. */
export async function holdfastCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { program } = options;
  const child = spawn(program ?? process.execPath, program === undefined ? [main, ...args] : args, {
    cwd: options.cwd ?? "/",
    env: { ...inherited(), ...(program === undefined ? {} : { PATH: runtimePath }), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let told = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const { onSaid } = options;
    if (onSaid === undefined || told || !stderr.includes(onSaid.text)) return;
    told = true;
    onSaid.act(child.pid ?? 0);
  });
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const hide = (text: string): string =>
    Object.entries(options.hide ?? {}).reduce(
      (shown, [secret, name]) => shown.replaceAll(secret, name),
      text,
    );
  return { exit, stdout: hide(stdout), stderr: hide(stderr) };
}

/** What every process needs, and nothing that could configure the program. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "NODE_COMPILE_CACHE"];
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""]));
}
