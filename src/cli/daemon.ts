/** `holdfast daemon`: back up, prove, repair and prune unattended. */
import { exitCodes, Failure } from "../base/failure.ts";
import { usualPace } from "../daemon/pace.ts";
import { runDaemon } from "../daemon/run-daemon.ts";
import { createLog, type LogLevel } from "../telemetry/log.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { command } from "./frame/command.ts";
import { count } from "./frame/text.ts";

const levels = ["debug", "info", "warn", "error"] as const satisfies readonly LogLevel[];

export const daemon = command({
  name: "daemon",
  describe: "back up, prove, repair and prune unattended, until SIGTERM",
  examples: [
    ["daemon", "with ./holdfast.yaml; its log goes to standard error, a line of JSON each"],
    ["daemon --log-level debug --config /etc/holdfast/holdfast.yaml", "with every detail"],
  ],
  options: (yargs) =>
    yargs
      .option("log-level", {
        type: "string",
        requiresArg: true,
        default: "info",
        describe: `the least that is logged: ${levels.join(", ")}`,
      })
      .epilogue(
        `SIGTERM takes no more work and lets what runs end within daemon.shutdownTimeout; what does not goes
back to the queue. A second one stops at once. SIGHUP, or a change of the configuration's files, reloads it.`,
      ),
  run: async ({ logLevel }, context, out) => {
    const { machine, wait } = context;
    const level = parseLevel(logLevel);
    using hangups = heedHangups();
    const config = await context.config();
    const { clock, hostName, version } = machine;
    const log = createLog({
      level,
      clock,
      to: { write: (line: string) => out.say(line.trimEnd()) },
      base: { host: hostName, version },
    });
    const telemetry = createTelemetry({
      version,
      perTenant: config.metrics.perTenant,
      clock,
      process: true,
    });
    const end = await runDaemon(
      { config, machine, telemetry, log, pace: usualPace, onReload: hangups.onReload },
      wait,
    );
    out.result(
      end,
      () => `${count(end.jobs, "job")} ended here, ${String(end.putBack)} went back to the queue`,
    );
    return end.putBack > 0 ? exitCodes.degraded : exitCodes.done;
  },
});

/** The parser looks at choices only of options without a dash in their names. */
function parseLevel(text: string): LogLevel {
  const level = levels.find((one) => one === text);
  if (level !== undefined) return level;
  throw new Failure("usage/invalid", `--log-level is ${text}, and must be one of ${levels.join(", ")}`);
}

interface Hangups extends Disposable {
  readonly onReload: (reload: () => void) => Disposable;
}

/**
 * From the first moment to the last: a SIGHUP that nobody heeds ends the program, and one may come while it waits
 * for its catalog or drains. There is nothing to reload then, as the files are looked at before the first job.
 */
function heedHangups(): Hangups {
  let reload = (): void => undefined;
  const heed = (): void => reload();
  process.on("SIGHUP", heed);
  return {
    onReload: (given) => {
      reload = given;
      return { [Symbol.dispose]: () => (reload = () => undefined) };
    },
    [Symbol.dispose]: () => void process.off("SIGHUP", heed),
  };
}
