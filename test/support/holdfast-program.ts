/** Holdfast as a user runs it: the command line in a process of its own. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";

const main = resolve(import.meta.dirname, "../../src/main.ts");

export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, however it ends. */
export async function holdfast(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (said.stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (said.stderr += part));
  const exit = await new Promise<number | null>((done, reject) => {
    child.on("error", reject);
    child.on("close", done);
  });
  return { exit, ...said };
}

/** The JSON document that a command printed; throws with all it said when it ended otherwise than with `exit`. */
export async function holdfastJson(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  exit = 0,
): Promise<unknown> {
  const ended = await holdfast([...args, "--json"], environment);
  if (ended.exit !== exit) {
    throw new Error(
      `holdfast ${args.join(" ")} ended with ${String(ended.exit)}: ${ended.stdout}${ended.stderr}`,
    );
  }
  return JSON.parse(ended.stdout);
}
