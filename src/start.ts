/** Builds everything once and hands it down. The only place that asks the machine for time, chance and arguments. */
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { isatty } from "node:tty";
import { systemChance } from "./base/chance.ts";
import { systemClock } from "./base/clock.ts";
import { exitCodes, Failure } from "./base/failure.ts";
import { ownEnvironment } from "./base/own-environment.ts";
import { commandsFor } from "./cli/commands.ts";
import type { Context } from "./cli/frame/context.ts";
import type { Machine } from "./desk/machine.ts";
import { guarded } from "./cli/frame/guarded-stream.ts";
import { holdfast } from "./cli/holdfast.ts";
import { openDesk } from "./desk/open-desk.ts";
import { noProgress } from "./base/progress.ts";
import { versionIn } from "./cli/frame/version.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load-config.ts";

// Every object of a directory store is synced to the disk before it counts. With the usual four threads
// the disk would be waited for four times at once, and half the time of a first backup goes there.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

const env = ownEnvironment(process.env);
const packageFolder = dirname(import.meta.dirname);

const machine: Machine = {
  clock: systemClock,
  chance: systemChance,
  monotonicMs: () => performance.now(),
  env,
  cwd: process.cwd(),
  version: versionIn(packageFolder),
  packageFolder,
  hostName: hostname(),
  uid: process.getuid?.() ?? -1,
};

/**
 * The first signal asks the command to end and clean up; the second does not wait for it. So does the end of the terminal
 * that we are on, once, since shells tell of it as well as the system does. Where no stream of ours is a terminal, as
 * under nohup, we go on: nohup has the system ignore that signal, which the runtime undoes before any of this is run. The
 * daemon heeds it in its own way.
 */
function untilSignalled(): AbortSignal {
  const controller = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    controller.abort(new Failure("wait/cancelled", `cancelled by ${signal}`));
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    end(signal);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const hasTerminal = [0, 1, 2].some((stream) => isatty(stream));
  process.on("SIGHUP", (signal) => {
    if (hasTerminal && process.listenerCount("SIGHUP") === 1) end(signal);
  });
  // Left alone the runtime opens a debugger for it, through which anybody on this host could read our keys; to other
  // programs it means that their log was moved away.
  process.on("SIGUSR1", () => undefined);
  return controller.signal;
}

function contextWith(config: string | undefined, signal: AbortSignal): Context {
  const configPath = resolve(machine.cwd, config ?? "holdfast.yaml");
  const wait = { signal };
  let loaded: Promise<Config> | undefined;
  const load = (): Promise<Config> => (loaded ??= loadConfig(configPath, machine.env));
  return {
    machine,
    wait,
    configPath,
    config: load,
    openDesk: async (given) => openDesk(given ?? (await load()), machine, wait),
  };
}

// Output that is lost, on a full disk for one, is a failure even where the work was done.
let lost = false;
const stderr = guarded(process.stderr, () => {
  lost = true;
  process.exitCode = exitCodes.failed;
});
const stdout = guarded(process.stdout, ({ message }) => {
  lost = true;
  process.exitCode = exitCodes.failed;
  stderr.write(`error: standard output cannot be written: ${message}\n`);
});

const signal = untilSignalled();
const args = process.argv.slice(2);
const exit = await holdfast(args, {
  commands: await commandsFor(args),
  streams: { stdout, stderr },
  version: machine.version,
  // A dumb terminal shows the control characters of a bar instead of heeding them.
  startProgress:
    process.stderr.isTTY && env["TERM"] !== "dumb"
      ? (await import("./cli/frame/progress.ts")).terminalProgress(process.stderr, machine.monotonicMs)
      : () => noProgress,
  context: (config) => contextWith(config, signal),
  debug: env["HOLDFAST_DEBUG"] === "1",
});
if (!lost) process.exitCode = exit;
// All that was opened is closed by now; whatever a library still holds open must not keep the program.
setTimeout(() => process.exit(), 2000).unref();
