/** The command line in this process: everything but `src/main.ts`, for tests that ask what a verb does and not how a process ends. */
import { resolve } from "node:path";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Command } from "../../src/cli/frame/command.ts";
import { allCommands } from "../../src/cli/commands.ts";
import type { Context } from "../../src/cli/frame/context.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { holdfast } from "../../src/cli/holdfast.ts";
import { openDesk } from "../../src/desk/open-desk.ts";
import { noProgress } from "../../src/base/progress.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { storeRetryPolicy } from "../../src/stores/retrying.ts";
import { testWait } from "./postgres-server.ts";

export interface SaidHere {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, however it ends; `cwd` is where its configuration is looked for. */
export async function saidHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  cwd = "/",
  commands: readonly Command[] | null = null,
): Promise<SaidHere> {
  const said = { stdout: "", stderr: "" };
  const exit = await holdfast(args, {
    commands: commands ?? (await allCommands()),
    streams: {
      stdout: { write: (text) => (said.stdout += text) },
      stderr: { write: (text) => (said.stderr += text) },
    },
    version: "0.0.0",
    startProgress: () => noProgress,
    context: (config) => contextOf(config, environment, cwd),
    debug: false,
  });
  return { exit, ...said };
}

/** The JSON document that a command printed; throws with all it said when it ended otherwise than with `exit`. */
export async function holdfastHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  exit = 0,
): Promise<unknown> {
  const ended = await saidHere([...args, "--json"], environment);
  if (ended.exit !== exit) {
    const said = `${ended.stdout}${ended.stderr}`;
    throw new Error(`holdfast ${args.join(" ")} ended with ${String(ended.exit)}: ${said}`);
  }
  return JSON.parse(ended.stdout);
}

function contextOf(
  config: string | undefined,
  environment: Readonly<Record<string, string>>,
  cwd: string,
): Context {
  const machine: Machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: { ...process.env, ...environment },
    cwd,
    version: "0.0.0",
    packageFolder: resolve(import.meta.dirname, "../.."),
    hostName: "test-host",
    uid: process.getuid?.() ?? -1,
    // As often as usual, and without the seconds in between.
    storeRetry: { ...storeRetryPolicy, firstDelayMs: 1 },
  };
  const wait = testWait(600_000);
  const configPath = resolve(machine.cwd, config ?? "holdfast.yaml");
  const load = (): ReturnType<typeof loadConfig> => loadConfig(configPath, machine.env);
  return {
    machine,
    wait,
    configPath,
    config: load,
    openDesk: async (given) => openDesk(given ?? (await load()), machine, wait),
  };
}
