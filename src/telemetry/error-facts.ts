/** What a log may say of an error. */
import { Failure } from "../base/failure.ts";

/** Plain data; strings are of bounded length. */
export interface ErrorFacts {
  readonly name: string;
  /** A code of ours, of the system, or an SQLSTATE. */
  readonly code?: string;
  /** Of failures only. */
  readonly message?: string;
  readonly hint?: string;
  /** Where it was thrown, without the message. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorFacts;
}

const causesMax = 5;
const framesMax = 12;
const messageMax = 2000;

/**
 * Failures with their code and message, which are written by us. Of anything else only what kind it is,
 * its code and where it was thrown: PostgreSQL's messages carry rows, and who knows whose message a
 * library hands on (trap 34).
 */
export function errorFacts(error: unknown, depth = 0): ErrorFacts {
  if (!(error instanceof Error)) return { name: typeof error };
  const cause =
    error.cause === undefined || depth >= causesMax ? {} : { cause: errorFacts(error.cause, depth + 1) };
  if (error instanceof Failure) {
    return {
      name: error.name,
      code: error.code,
      message: error.message.slice(0, messageMax),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...cause,
    };
  }
  const code = "code" in error ? error.code : undefined;
  const known = typeof code === "string" && /^[A-Z0-9_]{2,40}$/.test(code) ? { code } : {};
  return { name: error.name, ...known, stack: framesOf(error), ...cause };
}

/** A message may have lines that look like frames, so what follows it is taken; where it cannot be found, nothing is. */
function framesOf({ stack = "", message }: Error): string[] {
  const messageAt = stack.indexOf(message);
  if (messageAt < 0) return [];
  const frames = stack
    .slice(messageAt + message.length)
    .split("\n")
    .filter((line) => /^ {4}at .*(?::\d+:\d+\)?|<anonymous>\))$/.test(line));
  return frames.slice(0, framesMax).map((line) => line.trim());
}
