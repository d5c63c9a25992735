import { type Logger, pino } from "pino";
import type { Clock } from "../base/clock.ts";
import { errorFacts } from "./error-facts.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Numbers, names, dates, lists of them; `error` takes whatever was thrown. Never rows, never secrets. */
export type Facts = Readonly<Record<string, unknown>>;

/** A fixed message, and what varies in the facts. Never throws. */
export interface Log {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
  /** One that adds these facts to each of its lines: one per run, with its id as `run`. */
  child(facts: Facts): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Takes whole lines, each with its newline; a stream of the process fits. */
  readonly to: { write(line: string): unknown };
  /** On every line: which host and process this is. */
  readonly base: Facts;
}

/**
 * Names of what may be secret. A `Secret` redacts itself; this is behind it, for a value that was
 * revealed and then put where it does not belong.
 */
const secretNames = [
  "url",
  "password",
  "secret",
  "secretAccessKey",
  "accessKeyId",
  "identity",
  "signing",
  "token",
  "authorization",
  "connectionString",
] as const;

/** Lines of JSON: `{"level":"info","time":"…Z",…base,…facts,"message":"backup ended"}`. */
export function createLog({ level, clock, to, base }: LogOptions): Log {
  return wrap(
    pino(
      {
        level,
        base: { ...base },
        messageKey: "message",
        timestamp: () => `,"time":"${clock.now().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: (error: unknown) => errorFacts(error) },
        redact: {
          paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
          censor: "[redacted]",
        },
      },
      {
        write: (line) => {
          to.write(line);
        },
      },
    ),
  );
}

function wrap(logger: Logger): Log {
  const at =
    (level: LogLevel) =>
    (message: string, facts: Facts = {}): void => {
      logger[level](withoutErrors(facts), message);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (facts) => wrap(logger.child(withoutErrors(facts))),
  };
}

/** An error under any other name would be written with its message. */
function withoutErrors(facts: Facts): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      name !== "error" && value instanceof Error ? errorFacts(value) : value,
    ]),
  );
}
